//! Charging and granting points, and points that expire.

use chrono::TimeDelta;
use jangteo_application::{
    Answer, ChargePointsRefusal, GrantPointAccounts, GrantPoints, GrantPointsRefusal, PayOrderRefusal,
    Verdict, expire_due_points,
};
use jangteo_point::{ChargeRefusal, GrantRefusal, PointEntry, PointEntryKind, PointLimits, PointQueries};
use jangteo_shared_kernel::{Limit, PageRequest, UserId};
use tokio::task::JoinSet;

use crate::shop::{Shop, accepted, krw, refused};

fn grant_points(shop: &Shop) -> GrantPointAccounts {
    let render = |_: &_| Answer { status: 201, location: None, body: Vec::new() };
    GrantPointAccounts { sources: shop.sources.clone(), limits: PointLimits::default(), render }
}

fn grant(shop: &Shop, user: UserId, amount: i64, days: i64) -> GrantPoints {
    let expires_at = shop.sources.now() + TimeDelta::days(days);
    GrantPoints { user, amount: krw(amount), expires_at, reason: "welcome".to_owned(), mark: shop.mark(user) }
}

#[tokio::test]
async fn a_charge_stays_within_its_limits() {
    let shop = Shop::new();
    let user = shop.customer().await;
    for amount in [999, 10_000_001, 0, -1, i64::MAX, i64::MIN] {
        let refusal = refused(shop.charge(user, amount).await);
        assert!(
            matches!(refusal, ChargePointsRefusal::Charge(ChargeRefusal::AmountOutOfRange { .. })),
            "{amount}"
        );
    }
    for _ in 0..10 {
        accepted(shop.charge(user, 10_000_000).await);
    }
    let over = ChargePointsRefusal::Charge(ChargeRefusal::LimitExceeded { max: 100_000_000 });
    assert_eq!(refused(shop.charge(user, 1_000).await), over);
    let nobody = shop.sources.id(shop.sources.now());
    assert_eq!(refused(shop.charge(nobody, 1_000).await), ChargePointsRefusal::AccountNotFound);
}

#[tokio::test]
async fn a_grant_that_expired_is_written_off_when_the_account_is_next_touched() {
    let shop = Shop::new();
    let user = shop.customer().await;
    accepted(shop.run(&grant_points(&shop), grant(&shop, user, 700, 1)).await);
    let past = refused(shop.run(&grant_points(&shop), grant(&shop, user, 700, 0)).await);
    assert_eq!(past, GrantPointsRefusal::Grant(GrantRefusal::AlreadyExpired));
    shop.clock.advance(TimeDelta::days(1));
    accepted(shop.charge(user, 1_000).await);

    let page = PageRequest { limit: Limit::DEFAULT, after: None };
    let history = shop.storage.list_point_history(user, &page).await.unwrap().items;
    let entries: Vec<_> =
        history.iter().map(|entry| (entry.kind, entry.amount.amount(), entry.balance.amount())).collect();
    assert_eq!(
        entries,
        [
            (PointEntryKind::Charged, 1_000, 1_000),
            (PointEntryKind::Expired, -700, 0),
            (PointEntryKind::Granted, 700, 700),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn charges_at_once_all_count() {
    let shop = Shop::new();
    let user = shop.customer().await;
    let mut charges = JoinSet::new();
    for _ in 0..50 {
        let shop = shop.clone();
        charges.spawn(async move { shop.charge(user, 1_000).await });
    }
    let verdicts = charges.join_all().await;
    assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::Accepted { .. })));
    assert_eq!(shop.balance(user).await, 50_000);
}

async fn expire(shop: &Shop) -> u64 {
    expire_due_points(&shop.storage, &shop.sources).await.unwrap()
}

#[tokio::test]
async fn the_job_writes_off_a_lot_that_has_expired_once() {
    let shop = Shop::new();
    let user = shop.customer_with(1_000).await;
    for (amount, days) in [(700, 1), (50, 1), (30, 2)] {
        accepted(shop.run(&grant_points(&shop), grant(&shop, user, amount, days)).await);
    }
    shop.clock.advance(TimeDelta::days(1) - TimeDelta::milliseconds(1));
    assert_eq!(expire(&shop).await, 0);
    shop.clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(expire(&shop).await, 2);
    assert_eq!(expire(&shop).await, 0);
    assert_eq!(shop.balance(user).await, 1_030);

    let page = PageRequest { limit: Limit::new(2).unwrap(), after: None };
    let written = shop.storage.list_point_history(user, &page).await.unwrap().items;
    let expired = |entry: &PointEntry| entry.kind == PointEntryKind::Expired;
    assert!(written.iter().all(expired), "{written:?}");
    assert_eq!(written.iter().map(|entry| entry.amount.amount()).sum::<i64>(), -750);
    assert_eq!(shop.told().iter().filter(|kind| **kind == "point.expired").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_jobs_at_once_write_each_expiry_once() {
    let shop = Shop::new();
    let mut users = Vec::new();
    for _ in 0..250 {
        let user = shop.customer().await;
        accepted(shop.run(&grant_points(&shop), grant(&shop, user, 10, 1)).await);
        users.push(user);
    }
    // More lots of one account than a batch has accounts.
    for _ in 0..150 {
        accepted(shop.run(&grant_points(&shop), grant(&shop, users[0], 10, 1)).await);
    }
    shop.clock.advance(TimeDelta::days(1));
    let mut jobs = JoinSet::new();
    for _ in 0..4 {
        let shop = shop.clone();
        jobs.spawn(async move { expire(&shop).await });
    }
    // A job leaves to the others what they hold, so one that comes last may find nothing.
    let expired: u64 = jobs.join_all().await.iter().sum();
    assert_eq!(expired + expire(&shop).await, 400);
    for user in users {
        assert_eq!(shop.balance(user).await, 0);
    }
    assert_eq!(shop.told().iter().filter(|kind| **kind == "point.expired").count(), 400);
}

#[tokio::test]
async fn points_that_have_expired_cannot_be_spent_though_the_job_is_late() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer_with(1_000).await, shop.product(1_500, 1).await);
    accepted(shop.run(&grant_points(&shop), grant(&shop, user, 500, 1)).await);
    shop.clock.advance(TimeDelta::days(1));
    let order = accepted(shop.place(user, &[(mug, 1)]).await).id;
    assert_eq!(shop.balance(user).await, 1_500, "the job has not been");
    let available = krw(1_000);
    assert_eq!(refused(shop.pay(user, order).await), PayOrderRefusal::InsufficientPoints { available });
    // The refused payment brought the account up to date, so nothing is left for the job.
    assert_eq!((shop.balance(user).await, expire(&shop).await), (1_000, 0));
}
