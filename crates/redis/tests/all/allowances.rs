//! Limits on requests, whatever they are counted with.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use jangteo_application::{Allowance, Client, Draw, Metered, RateLimit, SharedAllowances as _};
use jangteo_redis::{Redis, RedisAllowances};
use jangteo_test_services::{RedisCluster, RedisServer};
use tokio::task::JoinSet;

use crate::counters::sources;
use crate::shop::answers;

/// So many keys there may be, as `allowances.rs` says.
const MOST_KEYS: u64 = 250_000;

const LONG: Duration = Duration::from_hours(1);

type Limit = RateLimit<RedisAllowances>;

fn allowance(requests: u32, window: Duration) -> Allowance {
    Allowance { requests: NonZeroU32::new(requests).unwrap(), window }
}

fn client(n: u32) -> Client {
    Client::Address(IpAddr::V6(Ipv6Addr::from_bits(u128::from(n) << 64)))
}

async fn ask(limit: &Limit, n: u32) -> Metered {
    limit.count(client(n), || format!("reads:{n}")).await
}

/// How often somebody passes before they are refused.
async fn passes(limit: &Limit, n: u32) -> u32 {
    let mut passed = 0;
    while ask(limit, n).await.passes {
        passed += 1;
    }
    passed
}

async fn on(url: &str) -> Redis {
    let redis = Redis::open(&url.parse().unwrap()).unwrap();
    answers(&redis).await;
    redis
}

fn limit(redis: Option<&Redis>, requests: u32, window: Duration) -> Arc<Limit> {
    let shared = redis.cloned().map(RedisAllowances::new);
    Arc::new(RateLimit::new("reads", allowance(requests, window), shared, sources()))
}

async fn keeps_the_contract(redis: Option<&Redis>) {
    lets_as_many_through_at_once_as_there_may_be(&limit(redis, 100, LONG)).await;
    keeps_clients_apart(&limit(redis, 2, LONG)).await;
    tells_what_is_left(&limit(redis, 50, LONG)).await;
    begins_anew_when_the_window_has_passed(&limit(redis, 3, Duration::from_secs(1))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_in_the_process_keep_the_contract() {
    keeps_the_contract(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_on_redis_keep_the_contract() {
    let server = RedisServer::start();
    let redis = on(&server.url()).await;
    keeps_the_contract(Some(&redis)).await;
    assert!(redis.answers(), "it was Redis that counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_on_a_cluster_keep_the_contract() {
    let cluster = RedisCluster::start();
    let redis = on(&cluster.url()).await;
    keeps_the_contract(Some(&redis)).await;
    assert!(redis.answers(), "it was Redis that counted");
}

async fn lets_as_many_through_at_once_as_there_may_be(limit: &Arc<Limit>) {
    let mut crowd = JoinSet::new();
    for _ in 0..50 {
        let limit = Arc::clone(limit);
        crowd.spawn(async move {
            let mut passed = 0;
            for _ in 0..4 {
                passed += u32::from(ask(&limit, 1).await.passes);
            }
            passed
        });
    }
    assert_eq!(crowd.join_all().await.into_iter().sum::<u32>(), 100);
}

async fn keeps_clients_apart(limit: &Limit) {
    for n in 10..20 {
        assert_eq!(passes(limit, n).await, 2);
    }
}

async fn tells_what_is_left(limit: &Limit) {
    for left in (0..50).rev() {
        let told = ask(limit, 30).await;
        assert_eq!((told.passes, told.left), (true, left));
        assert!(told.renews_in <= LONG && told.renews_in > LONG / 2, "{told:?}");
    }
    let told = ask(limit, 30).await;
    assert_eq!((told.passes, told.left), (false, 0));
}

async fn begins_anew_when_the_window_has_passed(limit: &Limit) {
    for _ in 0..3 {
        assert_eq!(passes(limit, 40).await, 3);
        // What is told is what has to be waited.
        let left = ask(limit, 40).await.renews_in;
        assert!(!left.is_zero() && left <= Duration::from_secs(1));
        tokio::time::sleep(left).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_share_an_allowance_and_nothing_is_kept_for_good() {
    let server = RedisServer::start();
    let redis = on(&server.url()).await;
    let (one, other) = (limit(Some(&redis), 320, LONG), limit(Some(&redis), 320, LONG));
    // A light client is asked about nowhere.
    for n in 0..20 {
        assert!(ask(&one, 1).await.passes, "{n}");
    }
    assert_eq!(server.execute(&["DBSIZE"]).unwrap(), "0");
    let mut passed = 20;
    for _ in 0..50 {
        passed += u32::from(ask(&other, 1).await.passes) + u32::from(ask(&one, 1).await.passes);
    }
    passed += passes(&one, 1).await + passes(&other, 1).await;
    // Each hands out twenty without asking. What it has drawn and not used by the end is lost to the other.
    assert!((320 - 20..=320 + 20).contains(&passed), "{passed}");
    let third = limit(Some(&redis), 320, LONG);
    assert_eq!(passes(&third, 1).await, 20);

    assert_eq!(server.execute(&["KEYS", "*"]).unwrap(), "jangteo:requests:reads:1");
    let left = server.execute(&["PTTL", "jangteo:requests:reads:1"]).unwrap().parse::<u64>().unwrap();
    assert!((1..=3_600_000).contains(&left), "{left} ms");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_instance_limits_for_itself_while_redis_is_away() {
    let mut server = RedisServer::start();
    let redis = on(&server.url()).await;
    let (one, other) = (limit(Some(&redis), 160, LONG), limit(Some(&redis), 160, LONG));
    assert_eq!(passes(&one, 1).await, 160);
    server.kill();
    // The window goes on for whoever has used it up, and everybody else has an allowance at each.
    assert_eq!(passes(&one, 1).await, 0);
    assert_eq!((passes(&other, 1).await, passes(&one, 2).await), (160, 160));
    assert!(!redis.answers());

    server.restart();
    answers(&redis).await;
    assert_eq!(passes(&one, 3).await, 160);
    assert_eq!(passes(&other, 3).await, 10);
}

/// A window that another clock has made too long is cut.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_makes_no_window_longer() {
    let server = RedisServer::start();
    let redis = on(&server.url()).await;
    server.execute(&["SET", "jangteo:requests:a", "10", "PX", "99999999"]).unwrap();
    let draw = Draw { allowance: allowance(90, LONG), spent: 16 };
    let drawn = RedisAllowances::new(redis).draw("a", &draw).await.unwrap();
    assert_eq!((drawn.granted, drawn.left, drawn.renews_in), (4, 60, LONG));
    let left = server.execute(&["PTTL", "jangteo:requests:a"]).unwrap().parse::<u64>().unwrap();
    assert!(left <= 3_600_000, "{left} ms");
}

fn memory(server: &RedisServer) -> u64 {
    let info = server.execute(&["INFO", "memory"]).unwrap();
    let line = info.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap();
    line.trim().parse().unwrap()
}

/// Makes so many keys as long as names are, and lets them live for as long as windows do.
const FILL: &str = "for n = 1, ARGV[1] do redis.call('SET', string.format('jangteo:requests:reads:%032x', n), 9, 'PX', 3600000) end";

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_clients_fills_redis_to_its_bound_and_no_further() {
    let server = RedisServer::start();
    let before = memory(&server);
    server.execute(&["EVAL", FILL, "0", &(MOST_KEYS - 100).to_string()]).unwrap();
    let redis = on(&server.url()).await;
    // An allowance of one has no part to hand out without asking.
    let (one, other) = (limit(Some(&redis), 1, LONG), limit(Some(&redis), 1, LONG));
    for n in 0..1_000 {
        assert_eq!((passes(&one, n).await, passes(&other, n).await), (1, u32::from(n >= 100)), "{n}");
    }
    assert!(redis.answers(), "it was Redis that counted");
    assert_eq!(server.execute(&["DBSIZE"]).unwrap(), MOST_KEYS.to_string());
    let used = memory(&server) - before;
    assert!(used < 48 << 20, "{used} bytes");
}
