//! Real errors, as a use case sees them.

use std::slice;
use std::sync::Arc;
use std::time::Duration;

use jangteo_application::{IdempotencyRepository, Outbox};
use jangteo_coupon::{CampaignRepository, CouponDiscount, CouponQueries, IssuedCouponRepository};
use jangteo_order::{OrderQueries, OrderRepository};
use jangteo_payment::{PaymentRepository, RequestedTenders};
use jangteo_point::{PointAccount, PointEntry, PointEntryKind, PointRepository};
use jangteo_product::{ProductQueries, ProductRepository};
use jangteo_shared_kernel::{Currency, Money, Quantity, StorageError, UnitOfWork};
use jangteo_storage_sea_orm::{ConnectError, SeaOrmStorage, StorageOptions};
use jangteo_user::UserRepository;
use sea_orm::{ConnectionTrait, TransactionTrait};

use crate::support::{
    Shop, TestCipher, at, campaign, coupon, event, id, krw, order, payment, product, record, told, user,
};

#[tokio::test]
async fn a_second_one_of_what_is_unique_is_a_lost_race() {
    let shop = Shop::open().await;
    let mug = product(1, 5);
    let bought = order(10, id(1), slice::from_ref(&mug));
    let paid = payment(20, &bought, &RequestedTenders::AllPoints);
    let again = payment(21, &bought, &RequestedTenders::AllPoints);
    shop.add_users(&[user(1)]).await;
    shop.in_one(async |tx| {
        tx.insert_products(slice::from_ref(&mug)).await?;
        tx.insert_orders(slice::from_ref(&bought)).await?;
        tx.insert_payments(slice::from_ref(&paid)).await?;
        tx.append_events(&[event(30, bought.id.as_uuid())]).await?;
        tx.insert_idempotency_records(&[record(id(1), "key", 0)]).await
    })
    .await;

    let mut namesake = user(1);
    namesake.id = id(2);
    let lost = |error: &StorageError| matches!(error, StorageError::Transient(_));
    assert!(lost(&shop.refuses(async |tx| tx.insert_users(&[namesake]).await).await), "address");
    assert!(lost(&shop.refuses(async |tx| tx.insert_payments(&[again]).await).await), "second to settle");
    assert!(lost(&shop.refuses(async |tx| tx.insert_products(&[mug]).await).await), "id");
    assert!(
        lost(&shop.refuses(async |tx| tx.insert_idempotency_records(&[record(id(1), "key", 5)]).await).await),
        "key"
    );
}

#[tokio::test]
async fn what_a_constraint_refuses_is_fatal() {
    let shop = Shop::open().await;
    let entry = PointEntry {
        id: id(2),
        user: id(1),
        sequence: 1,
        kind: PointEntryKind::Spent,
        amount: krw(-5),
        balance: krw(-5),
        payment: None,
        order: None,
        reason: None,
        created_at: at(0),
        new_lots: vec![],
        movements: vec![],
    };
    let account = PointAccount::open(id(1), Currency::KRW);
    shop.in_one(async |tx| tx.insert_point_accounts(slice::from_ref(&account)).await).await;
    let overdrawn = PointAccount { balance: krw(-5), sequence: 1, ..account };
    let error = shop.refuses(async |tx| tx.save_points(&[overdrawn], &[entry]).await).await;
    assert!(
        matches!(error, StorageError::Fatal(_)) && told(&error).contains("point_accounts_not_below_zero"),
        "{error:?}"
    );
}

#[tokio::test]
async fn campaigns_that_do_not_hold_together_are_fatal() {
    let shop = Shop::open().await;
    let mut mixed = campaign(1, 10);
    mixed.terms.minimum_order = Some(Money::new(5, "USD".parse().unwrap()));
    let error = shop.refuses(async |tx| tx.insert_campaigns(&[mixed]).await).await;
    assert!(matches!(error, StorageError::Fatal(_)), "{error:?}");
    assert_eq!(
        told(&error),
        "campaigns.currency of 01900000-0000-7000-8000-000000000001 cannot be written: \
         its amounts are of several currencies"
    );
    let mut worthless = campaign(1, 10);
    worthless.terms.discount = CouponDiscount::Fixed(krw(0));
    let error = shop.refuses(async |tx| tx.insert_campaigns(&[worthless]).await).await;
    assert!(told(&error).contains("campaigns_discount_holds_together"), "{error:?}");

    let mut few = campaign(1, 1);
    shop.in_one(async |tx| tx.insert_campaigns(slice::from_ref(&few)).await).await;
    few.allotment.claimed = Quantity::new(2).unwrap();
    let error = shop.refuses(async |tx| tx.save_claimed(&[few.allotment]).await).await;
    assert!(
        matches!(error, StorageError::Fatal(_))
            && told(&error).contains("campaign_allotments_claimed_in_bounds"),
        "{error:?}"
    );
    shop.tamper("DELETE FROM campaign_allotments").await;
    let error = shop.storage.find_campaign(id(1)).await.unwrap_err();
    assert!(told(&error).starts_with("campaign_allotments.campaign_id of "), "{error:?}");
}

#[tokio::test]
async fn a_coupon_that_cannot_be_read_is_fatal_and_named() {
    let shop = Shop::open().await;
    let issued = coupon(11, &mut campaign(1, 10), id(1));
    shop.in_one(async |tx| tx.insert_issued_coupons(&[issued]).await).await;
    shop.tamper("UPDATE issued_coupons SET used_order_id = x'01900000000070008000000000000001'").await;
    let error = shop.storage.find_issued_coupon(id(11)).await.unwrap_err();
    assert_eq!(
        told(&error),
        "issued_coupons.used_at of 01900000-0000-7000-8000-00000000000b cannot be read: it is missing"
    );
    shop.tamper("UPDATE issued_coupons SET used_order_id = NULL, sequence = -1").await;
    let error = shop.storage.find_issued_coupon(id(11)).await.unwrap_err();
    assert!(told(&error).starts_with("issued_coupons.sequence of "), "{error:?}");
}

#[tokio::test]
async fn saving_what_is_not_there_is_fatal() {
    let shop = Shop::open().await;
    shop.add_products(&[product(1, 5)]).await;
    let error = shop.refuses(async |tx| tx.save_stock(&[product(1, 4), product(2, 4)]).await).await;
    assert!(matches!(error, StorageError::Fatal(_)), "{error:?}");
    assert_eq!(told(&error), "product_stock: 2 rows were to be saved, 1 were there");
    assert_eq!(shop.product(id(1)).await.stock.get(), 5, "rolled back");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_fatal_and_named() {
    let shop = Shop::open().await;
    let mug = product(1, 5);
    shop.add_products(slice::from_ref(&mug)).await;
    shop.in_one(async |tx| tx.insert_orders(&[order(10, id(1), &[mug])]).await).await;

    shop.tamper("UPDATE products SET currency = 'won'").await;
    let error = shop.storage.find_product(id(1)).await.unwrap_err();
    assert!(matches!(error, StorageError::Fatal(_)), "{error:?}");
    assert!(
        told(&error).starts_with("products.currency of 01900000-0000-7000-8000-000000000001 cannot be read"),
        "{}",
        told(&error)
    );

    shop.tamper("UPDATE orders SET status = 'PAYED'").await;
    let error = shop.storage.find_order(id(10)).await.unwrap_err();
    assert_eq!(
        told(&error),
        "orders.status of 01900000-0000-7000-8000-00000000000a cannot be read: \"PAYED\" is no known name"
    );

    shop.tamper("DELETE FROM product_stock").await;
    let error = shop.refuses(async |tx| tx.lock_products(&crate::support::ids([1])).await.map(|_| ())).await;
    assert!(told(&error).contains("product_stock"), "{error:?}");
}

#[tokio::test]
async fn a_writer_in_another_process_makes_it_unavailable() {
    let shop = Shop::open_with(|options| options.busy_timeout = Duration::from_millis(50)).await;
    let other = shop.by_hand().await;
    let open = other.begin().await.unwrap();
    open.execute_unprepared("DELETE FROM outbox").await.unwrap();
    let error = shop.storage.begin().await.unwrap_err();
    assert!(matches!(error, StorageError::Unavailable(_)), "{error:?}");
    open.rollback().await.unwrap();
    drop(shop.storage.begin().await.unwrap());
}

#[tokio::test]
async fn a_stuck_writer_makes_it_unavailable_and_not_hang() {
    let shop = Shop::open_with(|options| options.acquire_timeout = Duration::from_millis(50)).await;
    let stuck = shop.storage.begin().await.unwrap();
    let error = shop.storage.begin().await.unwrap_err();
    assert!(matches!(error, StorageError::Unavailable(_)), "{error:?}");
    drop(stuck);
    drop(shop.storage.begin().await.unwrap());
}

#[tokio::test]
async fn a_closed_storage_is_unavailable() {
    let shop = Shop::open().await;
    shop.storage.ping().await.unwrap();
    shop.storage.close().await.unwrap();
    assert!(matches!(shop.storage.ping().await, Err(StorageError::Unavailable(_))));
    assert!(matches!(shop.storage.begin().await, Err(StorageError::Unavailable(_))));
}

#[tokio::test]
async fn tells_why_it_cannot_connect() {
    let connect = async |url: &str| {
        SeaOrmStorage::connect(&StorageOptions::new(url), Arc::new(TestCipher::default())).await.unwrap_err()
    };
    for url in ["sqlite::memory:", "sqlite://"] {
        assert!(matches!(connect(url).await, ConnectError::InMemory), "{url}");
    }
    let error = connect("oracle://jangteo:secret@localhost/jangteo").await;
    assert!(matches!(&error, ConnectError::UnsupportedEngine { scheme } if scheme == "oracle"), "{error}");
    for scheme in ["postgres", "mysql", "mariadb"] {
        let error = connect(&format!("{scheme}://jangteo:secret@localhost:port/jangteo")).await;
        assert!(matches!(error, ConnectError::InvalidUrl(_)), "{error:?}");
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
    let directory = tempfile::tempdir().unwrap();
    let missing = format!("sqlite://{}/missing/shop.db", directory.path().display());
    assert!(matches!(connect(&missing).await, ConnectError::Storage(StorageError::Unavailable(_))));
}
