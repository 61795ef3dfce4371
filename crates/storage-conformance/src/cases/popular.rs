//! Popular products.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use jangteo_application::{PopularProduct, Popularity};
use jangteo_product::{Product, ProductStatus};
use jangteo_ranking::{DailySales, ProductSales, Sale};
use jangteo_shared_kernel::{Currency, Limit, Money, ProductId};

use crate::fixtures::{krw, units};
use crate::prelude::*;
use crate::support::{add_products, commit};
use crate::{Fixtures, Storage};

const DAY: &str = "2026-11-22";

fn days(days: &[&str]) -> BTreeSet<NaiveDate> {
    days.iter().map(|day| day.parse().unwrap()).collect()
}

/// What a product sold on a day.
fn sold(day: &str, product: ProductId, units: i64, amount: i64) -> DailySales {
    DailySales { day: day.parse().unwrap(), product, units, revenue: krw(amount) }
}

async fn add<S: Storage>(storage: &S, sales: &[DailySales]) {
    let keys = sales.iter().map(DailySales::key).collect();
    commit!(*storage, tx => tx.replace_roll_ups(&keys, sales));
}

async fn read<S: Storage>(storage: &S, fixtures: &Fixtures, of: &[&str], most: u16) -> Popularity {
    let most = Limit::new(most).unwrap();
    storage.popular_products(&days(of), Currency::KRW, most, fixtures.now()).await.unwrap()
}

/// The places, with units and revenue.
async fn places<S: Storage>(
    storage: &S,
    fixtures: &Fixtures,
    of: &[&str],
    most: u16,
) -> Vec<(ProductId, i64, i64)> {
    let products = read(storage, fixtures, of, most).await.products;
    products.iter().map(|it| (it.sales.product, it.sales.units, it.sales.revenue.amount())).collect()
}

/// So many products on sale, in ascending id.
async fn products<S: Storage, const N: usize>(storage: &S, fixtures: &Fixtures) -> [Product; N] {
    let mut products = [(); N].map(|()| Product { stock: units(5), ..fixtures.product() });
    products.sort_by_key(|product| product.id);
    add_products(storage, &products).await;
    products
}

pub(crate) async fn places_follow_units_then_revenue_then_the_id<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(190);
    let ids = products::<S, 5>(&storage, &fixtures).await.map(|product| product.id);
    let sales = [
        sold(DAY, ids[0], 2, 500),
        sold(DAY, ids[1], 3, 100),
        sold(DAY, ids[2], 2, 500),
        sold(DAY, ids[3], 2, 900),
        sold("2026-11-23", ids[4], 1, 10),
        sold(DAY, ids[4], 4, 0),
    ];
    add(&storage, &sales).await;
    let ranked = [(ids[4], 5, 10), (ids[1], 3, 100), (ids[3], 2, 900), (ids[0], 2, 500), (ids[2], 2, 500)];
    let both = [DAY, "2026-11-23"];
    assert_eq!(places(&storage, &fixtures, &both, 100).await, ranked);
    assert_eq!(places(&storage, &fixtures, &both, 4).await, ranked[..4]);
    assert_eq!(places(&storage, &fixtures, &both, 1).await, ranked[..1]);
}

pub(crate) async fn only_what_is_on_sale_and_sells_has_a_place<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(191);
    let new = |stock, status| Product { stock: units(stock), status, ..fixtures.product() };
    let on_sale = new(1, ProductStatus::OnSale);
    let sold_out = new(0, ProductStatus::OnSale);
    let (taken_back, unsold) = (new(9, ProductStatus::OnSale), new(9, ProductStatus::OnSale));
    let [suspended, gone] = [ProductStatus::Suspended, ProductStatus::Discontinued].map(|it| new(9, it));
    let all = [&on_sale, &sold_out, &taken_back, &unsold, &suspended, &gone].map(Clone::clone);
    add_products(&storage, &all).await;
    let sales = [
        sold(DAY, on_sale.id, 1, 0),
        sold(DAY, sold_out.id, 2, 40),
        // More was taken back than was sold, or as much.
        sold(DAY, taken_back.id, -1, -1),
        sold("2026-11-23", unsold.id, 3, 1),
        sold(DAY, unsold.id, -3, -1),
        sold(DAY, suspended.id, 9, 9),
        sold(DAY, gone.id, 9, 9),
        sold(DAY, fixtures.id(), 9, 9),
    ];
    add(&storage, &sales).await;
    let shown = |product: &Product, units, amount, sold_out| PopularProduct {
        sales: ProductSales { product: product.id, units, revenue: krw(amount) },
        name: product.name.clone(),
        price: product.price,
        sold_out,
    };
    let expected = [shown(&sold_out, 2, 40, true), shown(&on_sale, 1, 0, false)];
    assert_eq!(read(&storage, &fixtures, &[DAY, "2026-11-23"], 100).await.products, expected);
}

pub(crate) async fn only_the_days_and_the_currency_that_are_asked_for_count<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(192);
    let [a, b] = products(&storage, &fixtures).await.map(|product| product.id);
    let dollars = Money::new(7, "USD".parse().unwrap());
    let sales = [
        sold("2026-11-21", a, 1, 1),
        sold("2026-11-22", a, 2, 20),
        sold("2026-11-23", a, 4, 400),
        sold("2026-11-23", b, 1, 1),
        DailySales { revenue: dollars, ..sold("2026-11-22", b, 9, 0) },
    ];
    add(&storage, &sales).await;
    assert_eq!(places(&storage, &fixtures, &["2026-11-22"], 9).await, [(a, 2, 20)]);
    assert_eq!(places(&storage, &fixtures, &["2026-11-21", "2026-11-23"], 9).await, [(a, 5, 401), (b, 1, 1)]);
    assert_eq!(places(&storage, &fixtures, &["2026-11-20"], 9).await, []);
    assert_eq!(places(&storage, &fixtures, &[], 9).await, []);
    let limit = Limit::new(9).unwrap();
    let in_dollars =
        storage.popular_products(&days(&[DAY]), dollars.currency(), limit, fixtures.now()).await.unwrap();
    assert_eq!(in_dollars.products.len(), 1);
    assert_eq!(in_dollars.products[0].sales, ProductSales { product: b, units: 9, revenue: dollars });
}

pub(crate) async fn a_ranking_is_as_of_the_oldest_sale_that_is_uncounted<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(193);
    let as_of = async || read(&storage, &fixtures, &[DAY], 9).await.as_of;
    assert_eq!(as_of().await, fixtures.now());
    let [older, newer, ahead] = [-5_000, -10, 60_000].map(|millis| Sale {
        noted_at: fixtures.in_millis(millis),
        sold_at: fixtures.in_millis(-99_000),
        ..fixtures.sale()
    });
    commit!(storage, tx => tx.insert_uncounted_sales(&[newer, ahead, older]));
    assert_eq!(as_of().await, older.noted_at);
    commit!(storage, tx => tx.delete_uncounted_sales(&[older]));
    assert_eq!(as_of().await, newer.noted_at);
    // One that another instance has noted, whose clock is ahead.
    commit!(storage, tx => tx.delete_uncounted_sales(&[newer]));
    assert_eq!(as_of().await, fixtures.now());
}
