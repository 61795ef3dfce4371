//! What placing an order costs, counted over the use case itself.

use std::slice;

use chrono::TimeDelta;
use jangteo_application::{Answer, Fingerprint, PlaceOrder, PlaceOrders, RequestMark, SetUseCase, Verdict};
use jangteo_order::RequestedItems;
use jangteo_shared_kernel::{Currency, Quantity, StorageError};
use jangteo_storage_conformance::Fixtures;
use jangteo_storage_sea_orm::SeaOrmTransaction;

use crate::support::{Shop, id, product};

/// The statements between BEGIN and COMMIT of one order with so many lines.
async fn statements_of_an_order_with(lines: u32) -> Vec<String> {
    let shop = Shop::open().await;
    let products: Vec<_> = (1..=lines).map(|n| product(n, 1_000)).collect();
    shop.add_products(&products).await;
    let place = PlaceOrders {
        sources: Fixtures::seeded(u64::from(lines)).sources(),
        currency: Currency::KRW,
        unpaid_expiry: TimeDelta::minutes(30),
        render: |order| Answer { status: 201, location: None, body: order.id.to_string().into_bytes() },
    };
    let command = PlaceOrder {
        user: id(1),
        items: RequestedItems::new(products.iter().map(|product| (product.id, Quantity::ONE))).unwrap(),
        coupon: None,
        expected_total: None,
        mark: RequestMark { user: id(1), key: "key".parse().unwrap(), fingerprint: Fingerprint([0; 32]) },
    };
    shop.take_statements();
    let decide = async |tx: &mut SeaOrmTransaction| -> Result<_, StorageError> {
        place.decide(tx, slice::from_ref(&command)).await
    };
    let [verdict] = shop.in_one(decide).await.try_into().unwrap();
    assert!(matches!(verdict, Verdict::Accepted { .. }));
    shop.take_statements()
}

#[tokio::test]
async fn placing_an_order_is_eight_statements_whatever_the_number_of_lines() {
    let one = statements_of_an_order_with(1).await;
    assert_eq!(one.len(), 8, "{one:#?}");
    assert_eq!(statements_of_an_order_with(3).await, one);
    assert_eq!(statements_of_an_order_with(100).await, one);
}
