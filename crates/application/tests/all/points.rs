//! Charging and granting points.

use chrono::TimeDelta;
use jangteo_application::{
    Answer, ChargePointsRefusal, GrantPointAccounts, GrantPoints, GrantPointsRefusal, Verdict,
};
use jangteo_point::{ChargeRefusal, GrantRefusal, PointEntryKind, PointLimits, PointQueries};
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
