//! Throttled log-ins.

use std::num::NonZeroU32;
use std::time::Duration;

use chrono::TimeDelta;
use jangteo_application::{
    InProcessCounters, InvalidCredentials, LogInNames, Quota, SessionError, ThrottledError, ThrottledLogIns,
};
use jangteo_shared_kernel::StorageError;

use crate::shop::Shop;

const PAUSE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Saw {
    Success,
    Wrong,
    Fault,
    Paused(Duration),
}

struct Door {
    shop: Shop,
    throttle: ThrottledLogIns<InProcessCounters>,
}

impl Door {
    /// Three failures are free by account, five by address.
    fn new() -> Self {
        let shop = Shop::new();
        let quota = |free| Quota {
            free: NonZeroU32::new(free).unwrap(),
            window: Duration::from_mins(15),
            first_pause: PAUSE,
            longest_pause: PAUSE * 4,
        };
        let counters = InProcessCounters::new(shop.sources.clone());
        let throttle = ThrottledLogIns { counters, account: quota(3), address: quota(5) };
        Self { shop, throttle }
    }

    async fn try_as(&self, account: Option<&str>, address: &str, outcome: Saw) -> Saw {
        let names = LogInNames { account: account.map(str::to_owned), address: address.to_owned() };
        let log_in = async || match outcome {
            Saw::Success => Ok(()),
            Saw::Wrong => Err(SessionError::Refused(InvalidCredentials)),
            _ => Err(SessionError::Storage(StorageError::Unavailable("away".into()))),
        };
        match self.throttle.log_in(&names, log_in).await {
            Ok(()) => Saw::Success,
            Err(ThrottledError::Paused(left)) => Saw::Paused(left),
            Err(ThrottledError::Session(SessionError::Refused(InvalidCredentials))) => Saw::Wrong,
            Err(ThrottledError::Session(_)) => Saw::Fault,
        }
    }

    async fn expect(&self, account: &str, address: &str, outcome: Saw) {
        assert_eq!(self.try_as(Some(account), address, outcome).await, outcome);
    }

    async fn is_paused(&self, account: &str, address: &str, left: Duration) {
        assert_eq!(self.try_as(Some(account), address, Saw::Success).await, Saw::Paused(left));
    }
}

#[tokio::test]
async fn failures_pause_an_account_from_every_address_and_a_success_forgives_them() {
    let door = Door::new();
    for address in ["a", "b"] {
        door.expect("minji", address, Saw::Wrong).await;
    }
    door.expect("minji", "c", Saw::Success).await;
    for address in ["a", "b", "c"] {
        door.expect("minji", address, Saw::Wrong).await;
    }
    door.is_paused("minji", "d", PAUSE).await;
    door.expect("jiwoo", "a", Saw::Success).await;
    // The owner waits as told, and no attempt of anybody has made it longer.
    door.shop.clock.advance(TimeDelta::from_std(PAUSE).unwrap());
    door.expect("minji", "d", Saw::Success).await;
    door.expect("minji", "d", Saw::Wrong).await;
}

#[tokio::test]
async fn failures_at_many_accounts_pause_the_address_and_no_account() {
    let door = Door::new();
    for account in ["a", "b", "c", "d", "e"] {
        door.expect(account, "here", Saw::Wrong).await;
    }
    for _ in 0..10 {
        door.is_paused("minji", "here", PAUSE).await;
    }
    for _ in 0..2 {
        door.expect("minji", "there", Saw::Wrong).await;
    }
    door.expect("minji", "there", Saw::Success).await;
}

#[tokio::test]
async fn what_was_refused_succeeded_or_broke_does_not_count_for_the_address() {
    let door = Door::new();
    for _ in 0..20 {
        door.expect("jiwoo", "here", Saw::Success).await;
        door.expect("jiwoo", "here", Saw::Fault).await;
    }
    for _ in 0..3 {
        door.expect("minji", "here", Saw::Wrong).await;
    }
    for _ in 0..10 {
        door.is_paused("minji", "here", PAUSE).await;
    }
    // A success forgives the address nothing.
    door.expect("jiwoo", "here", Saw::Success).await;
    assert_eq!(door.try_as(None, "here", Saw::Wrong).await, Saw::Wrong);
    door.expect("a", "here", Saw::Wrong).await;
    door.is_paused("jiwoo", "here", PAUSE).await;
}
