//! What all counters must do, whatever they count with.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use jangteo_application::{Counted, Counters, InProcessCounters, Quota, Sources};
use jangteo_redis::{Redis, RedisCounters};
use jangteo_shared_kernel::{Clock, Entropy, Timestamp};
use jangteo_test_services::{RedisCluster, RedisServer};
use tokio::task::JoinSet;

use crate::shop::answers;

/// The clock of the machine, for Redis has no other.
struct MachineClock;

impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "the time of a server cannot be set from here")]
    fn now(&self) -> Timestamp {
        std::time::SystemTime::now().into()
    }
}

struct NoChance;

impl Entropy for NoChance {
    fn fill(&self, _: &mut [u8]) {
        panic!("counters draw nothing");
    }
}

pub(crate) fn sources() -> Sources {
    Sources::new(Arc::new(MachineClock), Arc::new(NoChance))
}

async fn on(url: &str) -> (RedisCounters, Redis) {
    let redis = Redis::open(&url.parse().unwrap()).unwrap();
    answers(&redis).await;
    (RedisCounters::new(redis.clone(), sources()), redis)
}

/// Nothing of it ends during a test.
fn long(free: u32) -> Quota {
    let pause = Duration::from_hours(1);
    let window = Duration::from_hours(2);
    Quota { free: NonZeroU32::new(free).unwrap(), window, first_pause: pause, longest_pause: 3 * pause }
}

fn is_paused(counted: Counted, about: Duration) -> bool {
    let slack = Duration::from_mins(5);
    matches!(counted, Counted::Paused(left) if left <= about && left + slack > about)
}

async fn keeps_the_contract<C: Counters + 'static>(counters: C) {
    let counters = Arc::new(counters);
    lets_no_more_through_at_once_than_are_free(&counters).await;
    keeps_names_apart(&*counters).await;
    takes_back_and_ends_the_pause(&*counters).await;
    forgets(&*counters).await;
    lets_one_through_after_each_pause(&*counters).await;
    begins_anew_when_the_window_has_passed(&*counters).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_in_the_process_keep_the_contract() {
    keeps_the_contract(InProcessCounters::new(sources())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_on_redis_keep_the_contract() {
    let redis = RedisServer::start();
    let (counters, connection) = on(&redis.url()).await;
    keeps_the_contract(counters).await;
    assert!(connection.answers(), "it was Redis that counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_on_a_cluster_keep_the_contract() {
    let cluster = RedisCluster::start();
    let (counters, connection) = on(&cluster.url()).await;
    keeps_the_contract(counters).await;
    assert!(connection.answers(), "it was Redis that counted");
}

async fn lets_no_more_through_at_once_than_are_free<C: Counters + 'static>(counters: &Arc<C>) {
    let mut tries = JoinSet::new();
    for _ in 0..50 {
        let counters = Arc::clone(counters);
        tries.spawn(async move { counters.count("at:once", &long(7)).await });
    }
    let passed = tries.join_all().await.into_iter().filter(|counted| *counted == Counted::Passed).count();
    assert_eq!(passed, 7);
    assert!(is_paused(counters.count("at:once", &long(7)).await, Duration::from_hours(1)));
}

async fn keeps_names_apart(counters: &impl Counters) {
    for name in ["a:1", "a:2", "b:1"] {
        assert_eq!(counters.count(name, &long(1)).await, Counted::Passed);
        assert_ne!(counters.count(name, &long(1)).await, Counted::Passed);
    }
}

async fn takes_back_and_ends_the_pause(counters: &impl Counters) {
    counters.take_back("taken").await;
    for _ in 0..5 {
        assert_eq!(counters.count("taken", &long(2)).await, Counted::Passed);
        counters.take_back("taken").await;
    }
    assert_eq!(counters.count("taken", &long(2)).await, Counted::Passed);
    assert_eq!(counters.count("taken", &long(2)).await, Counted::Passed);
    counters.take_back("taken").await;
    assert_eq!(counters.count("taken", &long(2)).await, Counted::Passed);
    assert!(is_paused(counters.count("taken", &long(2)).await, Duration::from_hours(1)));
}

async fn forgets(counters: &impl Counters) {
    counters.forget("forgotten").await;
    for _ in 0..3 {
        assert_eq!(counters.count("forgotten", &long(1)).await, Counted::Passed);
        assert_ne!(counters.count("forgotten", &long(1)).await, Counted::Passed);
        counters.forget("forgotten").await;
    }
}

/// Tries until it passes, and gives the longest pause that was told.
async fn wait(counters: &impl Counters, name: &str, quota: &Quota) -> Duration {
    let mut longest = Duration::ZERO;
    while let Counted::Paused(left) = counters.count(name, quota).await {
        longest = longest.max(left);
        // What is told is what has to be waited.
        tokio::time::sleep(left).await;
    }
    longest
}

async fn lets_one_through_after_each_pause(counters: &impl Counters) {
    let pause = Duration::from_millis(200);
    let quota = Quota { first_pause: pause, longest_pause: 3 * pause, ..long(2) };
    assert_eq!(counters.count("waits", &quota).await, Counted::Passed);
    assert_eq!(counters.count("waits", &quota).await, Counted::Passed);
    for most in [1, 2, 3, 3] {
        let told = wait(counters, "waits", &quota).await;
        assert!(told <= most * pause && told > Duration::ZERO, "{told:?}");
    }
}

async fn begins_anew_when_the_window_has_passed(counters: &impl Counters) {
    let window = Duration::from_millis(300);
    let quota = Quota { window, first_pause: window, longest_pause: window, ..long(3) };
    for _ in 0..3 {
        wait(counters, "anew", &quota).await;
    }
    // The pause has lasted to the end of the window at least.
    wait(counters, "anew", &quota).await;
    assert_eq!(counters.count("anew", &quota).await, Counted::Passed, "it is the second of a new window");
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_count_together_and_nothing_is_kept_for_good() {
    let redis = RedisServer::start();
    let ((one, _), (other, _)) = (on(&redis.url()).await, on(&redis.url()).await);
    assert_eq!(one.count("a", &long(2)).await, Counted::Passed);
    assert_eq!(other.count("a", &long(2)).await, Counted::Passed);
    assert_ne!(one.count("a", &long(2)).await, Counted::Passed);
    other.forget("a").await;
    assert_eq!(one.count("a", &long(2)).await, Counted::Passed);
    let keys = redis.execute(&["KEYS", "*"]).unwrap();
    assert_eq!(keys, "jangteo:count:a");
    let left = redis.execute(&["PTTL", &keys]).unwrap().parse::<u64>().unwrap();
    assert!((1..=7_200_000).contains(&left), "{left} ms");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_instance_counts_for_itself_while_redis_is_away() {
    let mut redis = RedisServer::start();
    let (counters, connection) = on(&redis.url()).await;
    assert_eq!(counters.count("a", &long(1)).await, Counted::Passed);
    redis.kill();
    assert_eq!(counters.count("a", &long(1)).await, Counted::Passed);
    assert_ne!(counters.count("a", &long(1)).await, Counted::Passed);
    counters.take_back("a").await;
    assert_eq!(counters.count("a", &long(1)).await, Counted::Passed);
    counters.forget("a").await;
    assert_eq!(counters.count("a", &long(1)).await, Counted::Passed);
    assert!(!connection.answers());

    redis.restart();
    answers(&connection).await;
    assert_eq!(counters.count("a", &long(1)).await, Counted::Passed);
    assert_ne!(counters.count("a", &long(1)).await, Counted::Passed);
    assert_eq!(redis.execute(&["EXISTS", "jangteo:count:a"]).unwrap(), "1");
}
