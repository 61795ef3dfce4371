//! What the tables say was sold, with refunds, and what a broken roll-up does.

use jangteo_application::{Rebuilt, count_sales, rebuild_sales};
use jangteo_ranking::{Sale, SalesRepository};
use jangteo_shared_kernel::{BusinessZone, StorageError};
use jangteo_storage_conformance::Fixtures;
use sea_orm::ConnectionTrait;

use crate::support::{Shop, at, krw, order, product, sale, told};

const ZONE: BusinessZone = BusinessZone::SEOUL;

/// A shop with a paid order of one product, two units of 1,000 won.
async fn shop() -> (Shop, Sale) {
    use jangteo_order::OrderRepository;
    let shop = Shop::open().await;
    let mut order = order(9, crate::support::id(1), &[product(3, 10), product(4, 10)]);
    order.lines.remove(0);
    (order.gross, order.lines[0].number) = (order.lines[0].gross, 1);
    order.pay(at(500)).unwrap();
    let sold = Sale { product: order.lines[0].product, units: 2, revenue: krw(2_000), ..sale(500, 0) };
    shop.in_one(async |tx| {
        tx.insert_orders(&[order]).await?;
        tx.insert_uncounted_sales(&[sold]).await
    })
    .await;
    (shop, sold)
}

/// Hard case 15: the refund of last week's sale.
#[tokio::test]
async fn hard_case_15_a_rebuild_subtracts_a_refund_from_the_day_of_the_sale() {
    let (shop, sold) = shop().await;
    let sources = Fixtures::seeded(1).sources();
    let rebuild = async |day| rebuild_sales(&shop.storage, &sources, ZONE, day).await.unwrap();
    let day = ZONE.day_of(sold.sold_at);
    // Uncounted, it is no business of a rebuild.
    assert_eq!(rebuild(day).await, Rebuilt { roll_ups: 0, corrected: 0 });
    assert_eq!(count_sales(&shop.storage, &sources, ZONE).await.unwrap(), 1);
    assert_eq!(rebuild(day).await, Rebuilt { roll_ups: 1, corrected: 0 });

    let week = 7 * 86_400_000;
    let db = shop.by_hand().await;
    for row in [
        "INSERT INTO refunds SELECT x'01', x'02', id, user_id, 'late', 1000, 'KRW', paid_at, '2026-11-29T00:00:00+00:00' FROM orders",
        "INSERT INTO refund_items SELECT x'01', 1, id, product_id, 1, 1, 1000 FROM order_lines",
    ] {
        assert_eq!(db.execute_unprepared(row).await.unwrap().rows_affected(), 1);
    }
    let taken_back = Sale {
        id: crate::support::id(600),
        noted_at: at(500 + week),
        units: -1,
        revenue: krw(-1_000),
        ..sold
    };
    shop.in_one(async |tx| tx.insert_uncounted_sales(&[taken_back]).await).await;
    assert_eq!(rebuild(day).await, Rebuilt { roll_ups: 1, corrected: 0 });
    assert_eq!(count_sales(&shop.storage, &sources, ZONE).await.unwrap(), 1);
    assert_eq!(rebuild(day).await, Rebuilt { roll_ups: 1, corrected: 0 });
    let found = shop.in_one(async |tx| tx.find_roll_ups_of(day).await).await;
    let found: Vec<_> = found.values().map(|sales| (sales.units, sales.revenue)).collect();
    assert_eq!(found, [(1, krw(1_000))]);
    let later = ZONE.day_of(at(week));
    assert_eq!(rebuild(later).await, Rebuilt::default());
}

/// Hard case 20: amounts at the edges of i64. What does not fit is not counted, and stays where it is.
#[tokio::test]
async fn hard_case_20_a_roll_up_that_does_not_fit_is_an_error_and_loses_nothing() {
    let shop = Shop::open().await;
    let sales = [1, 2].map(|n| Sale { id: crate::support::id(n), ..sale(7, i64::MAX / 10) });
    shop.in_one(async |tx| tx.insert_uncounted_sales(&sales).await).await;
    let more: Vec<_> = (10..20).map(|n| Sale { id: crate::support::id(n), ..sales[0] }).collect();
    shop.in_one(async |tx| tx.insert_uncounted_sales(&more).await).await;
    let error = count_sales(&shop.storage, &Fixtures::seeded(1).sources(), ZONE).await.unwrap_err();
    assert!(matches!(error, StorageError::Fatal(_)), "{}", told(&error));
    let left = shop.in_one(async |tx| tx.list_uncounted_sales(99).await).await;
    assert_eq!(left.len(), 12);
}
