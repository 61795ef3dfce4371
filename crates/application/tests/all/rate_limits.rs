//! Limits on requests.

use std::collections::HashMap;
use std::future::Future;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use chrono::TimeDelta;
use jangteo_application::{Allowance, Client, Draw, Drawn, Metered, RateLimit, SharedAllowances, Sources};
use jangteo_shared_kernel::Timestamp;
use proptest::prelude::*;
use tokio::task::JoinSet;

use crate::shop::Shop;

const MINUTE: Duration = Duration::from_mins(1);

fn allowance(requests: u32) -> Allowance {
    Allowance { requests: NonZeroU32::new(requests).unwrap(), window: MINUTE }
}

fn client(n: u128) -> Client {
    Client::Address(IpAddr::V6(Ipv6Addr::from_bits(n << 64)))
}

fn passes(left: u32, seconds: u64) -> Metered {
    Metered { passes: true, left, renews_in: Duration::from_secs(seconds) }
}

fn refused(seconds: u64) -> Metered {
    Metered { passes: false, left: 0, renews_in: Duration::from_secs(seconds) }
}

/// Neither the limit nor the book below ever waits, unless two ask at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

/// What is shared, as simply as it can be: how much of it is given away, and when that ends.
struct Book {
    sources: Sources,
    given: Mutex<HashMap<String, (u32, Timestamp)>>,
    away: AtomicBool,
    draws: AtomicU32,
}

impl Book {
    fn new(shop: &Shop) -> Arc<Self> {
        let (given, away, draws) = Default::default();
        Arc::new(Self { sources: shop.sources.clone(), given, away, draws })
    }
}

/// An instance's copy of it.
struct Shared(Arc<Book>);

impl SharedAllowances for Shared {
    async fn draw(&self, name: &str, draw: &Draw) -> Option<Drawn> {
        let book = &self.0;
        book.draws.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        if book.away.load(Ordering::Relaxed) {
            return None;
        }
        let now = book.sources.now();
        let mut given = book.given.lock().unwrap();
        let fresh = (0, now + draw.allowance.window);
        let (used, ends) = given.entry(name.to_owned()).or_insert(fresh);
        if *ends <= now {
            (*used, *ends) = fresh;
        }
        let left = draw.allowance.requests.get().saturating_sub(*used + draw.spent);
        let granted = left.div_ceil(16);
        *used += draw.spent + granted;
        Some(Drawn { granted, left: left - granted, renews_in: (*ends - now).to_std().unwrap() })
    }
}

fn alone(shop: &Shop, requests: u32) -> RateLimit<Shared> {
    RateLimit::new("reads", allowance(requests), None, shop.sources.clone())
}

fn instance(shop: &Shop, book: &Arc<Book>, requests: u32) -> RateLimit<Shared> {
    RateLimit::new("reads", allowance(requests), Some(Shared(Arc::clone(book))), shop.sources.clone())
}

fn ask(limit: &RateLimit<Shared>, who: u128) -> Metered {
    now(limit.count(client(who), || unreachable!("nobody is asked")))
}

async fn ask_all(limit: &RateLimit<Shared>, who: u128) -> Metered {
    limit.count(client(who), || format!("reads:{who}")).await
}

#[test]
fn so_many_pass_and_no_more_until_the_window_has_passed() {
    let shop = Shop::new();
    let limit = alone(&shop, 3);
    for _ in 0..2 {
        assert_eq!(ask(&limit, 1), passes(2, 60));
        shop.clock.advance(TimeDelta::seconds(20));
        assert_eq!(
            [ask(&limit, 1), ask(&limit, 1), ask(&limit, 1)],
            [passes(1, 40), passes(0, 40), refused(40)]
        );
        // What is refused makes nothing longer, and nobody else is kept away.
        shop.clock.advance(TimeDelta::seconds(39));
        assert_eq!((ask(&limit, 1), ask(&limit, 2).passes), (refused(1), true));
        shop.clock.advance(TimeDelta::milliseconds(999));
        let last = Metered { renews_in: Duration::from_millis(1), ..refused(0) };
        assert_eq!(ask(&limit, 1), last);
        shop.clock.advance(TimeDelta::milliseconds(1));
    }
    // A clock that is set back makes no window longer than one that begins.
    assert_eq!(ask(&limit, 1), passes(2, 60));
    shop.clock.advance(TimeDelta::hours(-1));
    assert_eq!([ask(&limit, 1), ask(&limit, 1), ask(&limit, 1)], [passes(1, 60), passes(0, 60), refused(60)]);
}

#[tokio::test]
async fn instances_share_an_allowance() {
    let shop = Shop::new();
    let book = Book::new(&shop);
    let (one, other) = (instance(&shop, &book, 160), instance(&shop, &book, 160));
    // The first ten are handed out by each without asking, and told of afterwards.
    for limit in [&one, &other] {
        for n in 1..=10 {
            assert_eq!(ask(limit, 1), passes(160 - n, 60));
        }
    }
    assert_eq!(book.draws.load(Ordering::Relaxed), 0);
    shop.clock.advance(TimeDelta::seconds(15));
    let mut passed = 20;
    while ask_all(&one, 1).await.passes | ask_all(&other, 1).await.passes {
        passed += 1;
        while ask_all(&one, 1).await.passes {
            passed += 1;
        }
    }
    assert!((150..=170).contains(&passed), "{passed}");
    // The window began with the first who asked. Did it end with an instance's own, instances could shorten it for each other.
    for limit in [&one, &other] {
        assert_eq!(ask(limit, 1), refused(60));
    }
    // Whoever is refused costs no question, and what was handed out in pieces took few.
    let draws = book.draws.load(Ordering::Relaxed);
    assert!(draws < 80, "{draws}");
    shop.clock.advance(TimeDelta::seconds(59));
    assert_eq!((ask(&one, 1), ask(&other, 1)), (refused(1), refused(1)));
    shop.clock.advance(TimeDelta::seconds(1));
    assert_eq!((ask(&one, 1), ask(&other, 1)), (passes(159, 60), passes(159, 60)));
}

#[tokio::test]
async fn an_instance_alone_hands_out_everything_and_no_more_whether_it_shares_or_not() {
    for requests in [1, 2, 15, 16, 17, 100, 1_000] {
        let shop = Shop::new();
        let limit = instance(&shop, &Book::new(&shop), requests);
        for left in (0..requests).rev() {
            assert_eq!(ask_all(&limit, 1).await, passes(left, 60), "of {requests}");
        }
        assert_eq!(ask_all(&limit, 1).await, refused(60), "of {requests}");
    }
}

#[tokio::test]
async fn while_nobody_answers_an_instance_counts_for_itself() {
    let shop = Shop::new();
    let book = Book::new(&shop);
    let (one, other) = (instance(&shop, &book, 32), instance(&shop, &book, 32));
    for _ in 0..20 {
        assert!(ask_all(&one, 1).await.passes);
    }
    book.away.store(true, Ordering::Relaxed);
    for (limit, has) in [(&one, 12), (&other, 32)] {
        for left in (0..has).rev() {
            assert_eq!(ask_all(limit, 1).await, passes(left, 60));
        }
        assert_eq!(ask_all(limit, 1).await, refused(60));
    }
    // Each has asked once since.
    let draws = book.draws.load(Ordering::Relaxed);
    book.away.store(false, Ordering::Relaxed);
    assert_eq!((ask(&one, 1), ask(&other, 1)), (refused(60), refused(60)));
    assert_eq!(book.draws.load(Ordering::Relaxed), draws);
    shop.clock.advance(TimeDelta::minutes(1));
    assert_eq!(ask_all(&one, 1).await, passes(31, 60));
}

/// And what one of them draws is there for all of them.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_crowd_at_once_as_many_pass_as_may() {
    let shop = Shop::new();
    let book = Book::new(&shop);
    for limit in [alone(&shop, 700), instance(&shop, &book, 700)] {
        let limit = Arc::new(limit);
        let mut crowd = JoinSet::new();
        for _ in 0..64 {
            let limit = Arc::clone(&limit);
            crowd.spawn(async move {
                let mut passed = 0;
                for _ in 0..20 {
                    passed += u32::from(ask_all(&limit, 1).await.passes);
                }
                passed
            });
        }
        let passed: u32 = crowd.join_all().await.into_iter().sum();
        assert_eq!(passed, 700);
    }
    let draws = book.draws.load(Ordering::Relaxed);
    assert!(draws < 100, "{draws}");
}

/// Some 60 bytes for each client that is remembered, and tables that are half full at worst.
#[test]
fn a_million_clients_take_no_more_memory_than_sixty_thousand() {
    let shop = Shop::new();
    let limit = alone(&shop, 2);
    let million = allocation_counter::measure(|| {
        for n in 1..=1_000_000 {
            assert!(ask(&limit, n).passes);
            // Somebody who comes all the time is counted all the time.
            assert_eq!(ask(&limit, 0).passes, n <= 2);
        }
    });
    assert!(million.bytes_max < 6 << 20, "{} bytes", million.bytes_max);
    // The latest are remembered.
    for n in (980_000..=1_000_000).rev() {
        assert_eq!(ask(&limit, n), passes(0, 60), "{n}");
    }
}

#[test]
fn a_known_client_costs_no_memory_at_all() {
    let shop = Shop::new();
    let limit = alone(&shop, 100);
    ask(&limit, 1);
    let counted = allocation_counter::measure(|| {
        for _ in 0..200 {
            ask(&limit, 1);
        }
    });
    assert_eq!(counted.count_total, 0);
}

proptest! {
    /// Whatever the instances and the pauses, in the time of one window no more pass than an allowance has, but for what
    /// each instance hands out without asking; and everybody passes again when they were told.
    #[test]
    fn nobody_passes_too_often_or_waits_for_longer_than_told(
        (requests, instances) in (1_u32..60, 1_usize..4),
        steps in prop::collection::vec((0_usize..4, 0_i64..30, 1_u32..30, any::<bool>()), 1..60),
    ) {
        let shop = Shop::new();
        let book = Book::new(&shop);
        let all: Vec<_> = (0..instances).map(|_| instance(&shop, &book, requests)).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut passed = Vec::new();
        for (at, wait, times, patient) in steps {
            let limit = &all[at % instances];
            shop.clock.advance(TimeDelta::seconds(wait));
            for _ in 0..times {
                let metered = runtime.block_on(ask_all(limit, 1));
                prop_assert!(!metered.renews_in.is_zero() && metered.renews_in <= MINUTE);
                prop_assert!(metered.left < requests && (metered.passes || metered.left == 0));
                if metered.passes {
                    passed.push(shop.sources.now());
                } else if patient {
                    shop.clock.advance(TimeDelta::from_std(metered.renews_in).unwrap());
                    let next = runtime.block_on(ask_all(limit, 1));
                    // Another instance may have begun the next window, and used it up.
                    if instances == 1 {
                        prop_assert!(next.passes);
                    }
                    passed.extend(next.passes.then(|| shop.sources.now()));
                }
            }
        }
        // Any stretch as long as a window lies in two of them at most, with each instance's own part in three.
        let own = u32::try_from(instances).unwrap() * (requests / 16);
        let most = usize::try_from(2 * requests + 3 * own).unwrap();
        for (index, begin) in passed.iter().enumerate() {
            let end = *begin + TimeDelta::minutes(1);
            let within = passed[index..].iter().take_while(|pass| **pass < end).count();
            prop_assert!(within <= most, "{within} of {most}");
        }
    }
}
