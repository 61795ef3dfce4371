//! Unpaid orders that run out of time.

use chrono::TimeDelta;
use jangteo_application::{PayOrderRefusal, Verdict, expire_due_orders};
use jangteo_order::{OrderQueries, OrderStatus};
use jangteo_shared_kernel::OrderId;
use tokio::task::JoinSet;

use crate::shop::{Shop, accepted, refused};

async fn expire(shop: &Shop) -> u64 {
    expire_due_orders(&shop.storage, &shop.sources).await.unwrap()
}

async fn status(shop: &Shop, order: OrderId) -> OrderStatus {
    shop.storage.find_order(order).await.unwrap().unwrap().status()
}

#[tokio::test]
async fn an_order_expires_when_its_time_is_up_and_gives_its_units_back() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer_with(50_000).await, shop.product(1_000, 10).await);
    let unpaid = accepted(shop.place(user, &[(mug, 3)]).await).id;
    let paid = accepted(shop.place(user, &[(mug, 2)]).await).id;
    accepted(shop.pay(user, paid).await);

    shop.clock.advance(TimeDelta::minutes(30) - TimeDelta::milliseconds(1));
    assert_eq!(expire(&shop).await, 0);
    shop.clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(expire(&shop).await, 1);
    assert_eq!(expire(&shop).await, 0);
    assert_eq!(
        (status(&shop, unpaid).await, status(&shop, paid).await),
        (OrderStatus::Expired, OrderStatus::Paid)
    );
    assert_eq!(shop.stock(mug).await, 8);
    assert_eq!(refused(shop.pay(user, unpaid).await), PayOrderRefusal::OrderNotPayable);
    assert_eq!(shop.told().iter().filter(|kind| **kind == "order.expired").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_jobs_at_once_expire_each_order_once() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer().await, shop.product(1_000, 1_000).await);
    for _ in 0..350 {
        accepted(shop.place(user, &[(mug, 1)]).await);
    }
    shop.clock.advance(TimeDelta::minutes(30));
    let mut jobs = JoinSet::new();
    for _ in 0..4 {
        let shop = shop.clone();
        jobs.spawn(async move { expire(&shop).await });
    }
    // A job leaves to the others what they hold, so one that comes last may find nothing.
    let expired: u64 = jobs.join_all().await.iter().sum();
    assert_eq!(expired + expire(&shop).await, 350);
    assert_eq!(shop.stock(mug).await, 1_000);
}

/// Hard case 5, as a race: each order is either paid or expired, and its units are sold or back.
#[tokio::test(flavor = "multi_thread")]
async fn hard_case_5_paying_and_expiring_at_once_have_one_winner() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer_with(1_000_000).await, shop.product(1_000, 100).await);
    let mut orders = Vec::new();
    for _ in 0..100 {
        orders.push(accepted(shop.place(user, &[(mug, 1)]).await).id);
    }
    let mut racing = JoinSet::new();
    for order in orders {
        let shop = shop.clone();
        racing.spawn(async move { matches!(shop.pay(user, order).await, Verdict::Accepted { .. }) });
    }
    let late = shop.clone();
    let expiring = tokio::spawn(async move {
        late.clock.advance(TimeDelta::minutes(30));
        expire(&late).await
    });
    let paid = racing.join_all().await.into_iter().filter(|paid| *paid).count();
    let expired = expiring.await.unwrap() + expire(&shop).await;
    assert_eq!(paid + usize::try_from(expired).unwrap(), 100);
    assert_eq!(usize::try_from(shop.stock(mug).await).unwrap() + paid, 100);
    assert_eq!(shop.balance(user).await, 1_000_000 - 1_000 * i64::try_from(paid).unwrap());
}

/// A figure tells how far behind the job is: by the order that has waited for it the longest.
#[tokio::test]
async fn it_is_told_for_how_long_orders_were_overdue() {
    const LAG: &str = "order_expiry_lag_seconds";
    let shop = Shop::new();
    let (user, mug) = (shop.customer().await, shop.product(1_000, 10).await);
    for _ in 0..2 {
        accepted(shop.place(user, &[(mug, 1)]).await);
        shop.clock.advance(TimeDelta::minutes(1));
    }
    assert_eq!((expire(&shop).await, shop.figure(LAG).as_str()), (0, "0.0"));
    shop.clock.advance(TimeDelta::minutes(30));
    assert_eq!((expire(&shop).await, shop.figure(LAG).as_str()), (2, "120.0"));
    assert_eq!((expire(&shop).await, shop.figure(LAG).as_str()), (0, "0.0"));
}
