//! Paying orders.

use chrono::TimeDelta;
use jangteo_application::{PayOrder, PayOrderRefusal, Verdict};
use jangteo_order::{OrderQueries, OrderStatus};
use jangteo_payment::{PaymentQueries, PaymentStatus, RequestedTender, RequestedTenders, TenderMethod};
use jangteo_point::{PointEntryKind, PointQueries};
use jangteo_shared_kernel::{Limit, PageRequest};
use tokio::task::JoinSet;

use crate::shop::{Shop, accepted, krw, refused};

#[tokio::test]
async fn a_payment_takes_points_once_and_settles_the_order() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer_with(50_000).await, shop.product(12_000, 10).await);
    let order = accepted(shop.place(user, &[(mug, 2)]).await);
    let payment = accepted(shop.pay(user, order.id).await);
    assert_eq!((payment.status(), payment.amount), (PaymentStatus::Completed, krw(24_000)));
    assert_eq!(payment.tendered_by(TenderMethod::Point), krw(24_000));
    assert_eq!(shop.balance(user).await, 26_000);
    let paid = shop.storage.find_order(order.id).await.unwrap().unwrap();
    assert_eq!(paid.status(), OrderStatus::Paid);
    assert_eq!(shop.storage.find_payment(payment.id).await.unwrap(), Some(payment.clone()));

    let page = PageRequest { limit: Limit::DEFAULT, after: None };
    let history = shop.storage.list_point_history(user, &page).await.unwrap().items;
    assert_eq!(history[0].kind, PointEntryKind::Spent);
    assert_eq!((history[0].payment, history[0].order), (Some(payment.id), Some(order.id)));
    assert_eq!(refused(shop.pay(user, order.id).await), PayOrderRefusal::AlreadyPaid);
    assert_eq!(shop.told()[4..], ["order.paid", "payment.completed", "point.spent"]);
}

#[tokio::test]
async fn refuses_what_does_not_settle_the_order() {
    let shop = Shop::new();
    let (user, other) = (shop.customer_with(10_000).await, shop.customer_with(90_000).await);
    let mug = shop.product(12_000, 10).await;
    let order = accepted(shop.place(user, &[(mug, 1)]).await);
    let with = |method, amount| PayOrder {
        user,
        order: order.id,
        tenders: RequestedTenders::these(vec![RequestedTender { method, amount: krw(amount) }]).unwrap(),
        mark: shop.mark(user),
    };
    let pay = async |command| refused(shop.run(&shop.pay_orders(), command).await);
    assert_eq!(pay(with(TenderMethod::Card, 12_000)).await, PayOrderRefusal::NoGateway);
    assert_eq!(
        pay(with(TenderMethod::Point, 11_999)).await,
        PayOrderRefusal::AmountMismatch { total: krw(12_000) }
    );
    let short = PayOrderRefusal::InsufficientPoints { available: krw(10_000) };
    assert_eq!(pay(with(TenderMethod::Point, 12_000)).await, short);
    assert_eq!(refused(shop.pay(other, order.id).await), PayOrderRefusal::OrderNotFound);
    assert_eq!(shop.balance(user).await, 10_000);
    assert_eq!(shop.storage.payments_of_order(order.id).await.unwrap(), []);
}

/// Hard case 5: pay at the instant of expiry.
#[tokio::test]
async fn hard_case_5_an_order_past_its_time_is_not_payable() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer_with(50_000).await, shop.product(1_000, 10).await);
    let order = accepted(shop.place(user, &[(mug, 1)]).await);
    shop.clock.advance(TimeDelta::minutes(30));
    assert_eq!(refused(shop.pay(user, order.id).await), PayOrderRefusal::OrderNotPayable);
    let cancelled = accepted(shop.place(user, &[(mug, 1)]).await);
    shop.cancel(user, cancelled.id).await.unwrap();
    assert_eq!(refused(shop.pay(user, cancelled.id).await), PayOrderRefusal::OrderNotPayable);
}

/// Hard case 6: two payments for one order at once.
#[tokio::test(flavor = "multi_thread")]
async fn hard_case_6_one_of_fifty_payments_wins() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer_with(100_000).await, shop.product(1_000, 10).await);
    let order = accepted(shop.place(user, &[(mug, 1)]).await).id;
    let mut payers = JoinSet::new();
    for _ in 0..50 {
        let shop = shop.clone();
        payers.spawn(async move { shop.pay(user, order).await });
    }
    let verdicts = payers.join_all().await;
    assert_eq!(verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Accepted { .. })).count(), 1);
    let lost = Verdict::Refused(PayOrderRefusal::AlreadyPaid);
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == lost).count(), 49);
    assert_eq!(shop.balance(user).await, 99_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_retries_under_one_key_are_one_payment() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer_with(100_000).await, shop.product(1_000, 10).await);
    let order = accepted(shop.place(user, &[(mug, 1)]).await).id;
    let command = PayOrder { user, order, tenders: RequestedTenders::AllPoints, mark: shop.mark(user) };
    let mut payers = JoinSet::new();
    for _ in 0..50 {
        let (shop, command) = (shop.clone(), command.clone());
        payers.spawn(async move { shop.run(&shop.pay_orders(), command).await });
    }
    let mut bodies: Vec<Vec<u8>> = Vec::new();
    for verdict in payers.join_all().await {
        match verdict {
            Verdict::Accepted { answer, .. } | Verdict::Replayed(answer) => bodies.push(answer.body),
            Verdict::KeyReused | Verdict::Refused(_) => panic!("a retry was refused"),
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    assert_eq!(shop.balance(user).await, 99_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_payments_at_once_never_overdraw_an_account() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer_with(5_000).await, shop.product(1_000, 20).await);
    let mut payers = JoinSet::new();
    for _ in 0..20 {
        let order = accepted(shop.place(user, &[(mug, 1)]).await).id;
        let shop = shop.clone();
        payers.spawn(async move { shop.pay(user, order).await });
    }
    let verdicts = payers.join_all().await;
    assert_eq!(verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Accepted { .. })).count(), 5);
    assert_eq!(shop.balance(user).await, 0);
}
