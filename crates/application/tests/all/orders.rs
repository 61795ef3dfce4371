//! Placing and cancelling orders.

use chrono::TimeDelta;
use jangteo_application::{
    CancelOrderRefusal, CouponNotUsable, EditProduct, EditProducts, PlaceOrder, PlaceOrderRefusal, Verdict,
};
use jangteo_order::{CancelRefusal, OrderQueries, OrderStatus};
use jangteo_payment::{PaymentQueries, PaymentStatus};
use jangteo_product::{CatalogueEdit, ProductStatus};
use jangteo_shared_kernel::ProductId;
use tokio::task::JoinSet;

use crate::shop::{Shop, accepted, krw, refused, units};

#[tokio::test]
async fn an_order_takes_its_stock_and_tells_of_it() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer().await, shop.product(12_000, 10).await);
    let order = accepted(shop.place(user, &[(mug, 3)]).await);
    assert_eq!((order.total(), order.status()), (krw(36_000), OrderStatus::PendingPayment));
    assert_eq!(order.expires_at - order.created_at, TimeDelta::minutes(30));
    assert_eq!(shop.stock(mug).await, 7);
    assert_eq!(shop.storage.find_order(order.id).await.unwrap(), Some(order));
    assert_eq!(shop.told(), ["user.registered", "product.created", "order.placed"]);
}

#[tokio::test]
async fn refusals_come_in_their_order_and_change_nothing() {
    let shop = Shop::new();
    let user = shop.customer().await;
    let (scarce, plenty) = (shop.product(1_000, 1).await, shop.product(1_000, 100).await);
    let suspended = shop.product_as(1_000, 100, ProductStatus::Suspended).await;
    let unknown: ProductId = shop.sources.id(shop.sources.now());

    let refusal = refused(shop.place(user, &[(scarce, 2), (suspended, 1), (unknown, 1)]).await);
    assert_eq!(refusal, PlaceOrderRefusal::UnknownProduct { product: unknown });
    let refusal = refused(shop.place(user, &[(scarce, 2), (suspended, 1)]).await);
    assert_eq!(refusal, PlaceOrderRefusal::ProductNotOnSale { product: suspended });
    let wrong_total =
        PlaceOrder { expected_total: Some(krw(1)), ..shop.order(user, &[(plenty, 1), (scarce, 2)]) };
    let refusal = refused(shop.run(&shop.place_orders(), wrong_total).await);
    assert_eq!(refusal, PlaceOrderRefusal::OutOfStock { product: scarce, left: units(1) });
    let coupon = Some(shop.sources.id(shop.sources.now()));
    let with_coupon = PlaceOrder { coupon, expected_total: Some(krw(1)), ..shop.order(user, &[(plenty, 1)]) };
    assert_eq!(
        refused(shop.run(&shop.place_orders(), with_coupon).await),
        PlaceOrderRefusal::CouponNotUsable(CouponNotUsable::Unknown)
    );

    assert_eq!((shop.stock(scarce).await, shop.stock(plenty).await), (1, 100));
    assert!(!shop.told().contains(&"order.placed"));
}

/// Hard case 13: the price was edited between quote and place.
#[tokio::test]
async fn hard_case_13_a_changed_price_is_told_and_nothing_happens() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer().await, shop.product(12_000, 10).await);
    let edit = CatalogueEdit { price: Some(krw(13_000).try_into().unwrap()), ..CatalogueEdit::default() };
    let command = EditProduct { product: mug, edit, expected: None };
    shop.run(&EditProducts { sources: shop.sources.clone() }, command).await.unwrap();

    let quoted = PlaceOrder { expected_total: Some(krw(12_000)), ..shop.order(user, &[(mug, 1)]) };
    let refusal = refused(shop.run(&shop.place_orders(), quoted).await);
    assert_eq!(refusal, PlaceOrderRefusal::PriceChanged { total: krw(13_000) });
    assert_eq!(shop.stock(mug).await, 10);
}

/// Hard case 3: a total of zero.
#[tokio::test]
async fn hard_case_3_an_order_of_nothing_is_settled_by_a_payment_of_nothing() {
    let shop = Shop::new();
    let (user, sticker) = (shop.customer().await, shop.product(0, 5).await);
    let order = accepted(shop.place(user, &[(sticker, 2)]).await);
    assert_eq!(order.status(), OrderStatus::Paid);
    let [payment] = shop.storage.payments_of_order(order.id).await.unwrap().try_into().unwrap();
    assert_eq!(
        (payment.status(), payment.amount, payment.tenders.len()),
        (PaymentStatus::Completed, krw(0), 0)
    );
    assert!(payment.settles);
    assert_eq!(shop.told()[2..], ["order.placed", "order.paid", "payment.completed"]);
}

/// Hard case 11: a retry after a lost response. Hard case 17: the key with another body, and by another user.
#[tokio::test]
async fn hard_cases_11_and_17_a_key_means_one_request_of_one_user() {
    let shop = Shop::new();
    let (user, other, mug) = (shop.customer().await, shop.customer().await, shop.product(1_000, 10).await);
    let command = PlaceOrder { mark: shop.mark_as(user, "k", 1), ..shop.order(user, &[(mug, 1)]) };
    let Verdict::Accepted { answer: first, .. } = shop.run(&shop.place_orders(), command.clone()).await
    else {
        panic!("refused")
    };
    assert_eq!(shop.run(&shop.place_orders(), command.clone()).await, Verdict::Replayed(first));

    let other_body = PlaceOrder { mark: shop.mark_as(user, "k", 2), ..command.clone() };
    assert_eq!(shop.run(&shop.place_orders(), other_body).await, Verdict::KeyReused);
    let other_user = PlaceOrder { user: other, mark: shop.mark_as(other, "k", 1), ..command };
    accepted(shop.run(&shop.place_orders(), other_user).await);
    assert_eq!(shop.stock(mug).await, 8);
}

#[tokio::test]
async fn a_refusal_may_be_tried_again_under_its_key() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer().await, shop.product(1_000, 2).await);
    let hoard = accepted(shop.place(user, &[(mug, 2)]).await);
    let again = shop.order(user, &[(mug, 1)]);
    refused(shop.run(&shop.place_orders(), again.clone()).await);
    shop.cancel(user, hoard.id).await.unwrap();
    accepted(shop.run(&shop.place_orders(), again).await);
}

#[tokio::test]
async fn a_replay_wins_over_a_product_that_is_sold_out() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer().await, shop.product(1_000, 1).await);
    let command = shop.order(user, &[(mug, 1)]);
    accepted(shop.run(&shop.place_orders(), command.clone()).await);
    assert!(matches!(shop.run(&shop.place_orders(), command).await, Verdict::Replayed(_)));
}

#[tokio::test]
async fn cancelling_gives_the_units_back_once() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer().await, shop.product(1_000, 5).await);
    let order = accepted(shop.place(user, &[(mug, 5)]).await);
    let cancelled = shop.cancel(user, order.id).await.unwrap();
    assert_eq!((cancelled.status(), shop.stock(mug).await), (OrderStatus::Cancelled, 5));
    assert_eq!(shop.cancel(user, order.id).await, Ok(cancelled));
    assert_eq!(shop.stock(mug).await, 5);
    assert_eq!(shop.told().iter().filter(|kind| **kind == "order.cancelled").count(), 1);
}

#[tokio::test]
async fn only_its_user_cancels_an_order_and_only_while_it_is_unpaid() {
    let shop = Shop::new();
    let (user, other, mug) =
        (shop.customer_with(5_000).await, shop.customer().await, shop.product(1_000, 5).await);
    let order = accepted(shop.place(user, &[(mug, 1)]).await);
    assert_eq!(shop.cancel(other, order.id).await, Err(CancelOrderRefusal::OrderNotFound));
    accepted(shop.pay(user, order.id).await);
    assert_eq!(shop.cancel(user, order.id).await, Err(CancelOrderRefusal::NotCancellable(CancelRefusal)));
}

#[tokio::test(flavor = "multi_thread")]
async fn never_sells_more_than_there_is() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer().await, shop.product(1_000, 10).await);
    let mut buyers = JoinSet::new();
    for _ in 0..100 {
        let shop = shop.clone();
        buyers.spawn(async move { shop.place(user, &[(mug, 1)]).await });
    }
    let verdicts = buyers.join_all().await;
    assert_eq!(verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Accepted { .. })).count(), 10);
    let sold_out = Verdict::Refused(PlaceOrderRefusal::OutOfStock { product: mug, left: units(0) });
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == sold_out).count(), 90);
    assert_eq!(shop.stock(mug).await, 0);
}

/// Hard case 16: orders over (A, B) and (B, A) at once.
#[tokio::test(flavor = "multi_thread")]
async fn hard_case_16_crossed_orders_do_not_wait_for_each_other() {
    let shop = Shop::new();
    let (user, a, b) =
        (shop.customer().await, shop.product(1_000, 500).await, shop.product(2_000, 500).await);
    let mut buyers = JoinSet::new();
    for n in 0..200 {
        let shop = shop.clone();
        let list = if n % 2 == 0 { [(a, 1), (b, 1)] } else { [(b, 1), (a, 1)] };
        buyers.spawn(async move { accepted(shop.place(user, &list).await) });
    }
    buyers.join_all().await;
    assert_eq!((shop.stock(a).await, shop.stock(b).await), (300, 300));
}
