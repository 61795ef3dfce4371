//! Sales and the roll-ups that count them.

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};
use jangteo_application::{Rebuilt, count_sales, rebuild_sales};
use jangteo_order::Order;
use jangteo_ranking::{DailySales, ProductSales, RollUps, Sale, SalesKey};
use jangteo_shared_kernel::{BusinessZone, Currency, Money, StorageError, Window};

use crate::fixtures::{instant, krw};
use crate::prelude::*;
use crate::support::{assert_fatal, assert_lost_race, at_once, begin, commit, finish};
use crate::{Fixtures, Storage};

async fn uncounted<S: Storage>(storage: &S) -> Vec<Sale> {
    let mut tx = begin(storage).await;
    let sales = tx.list_uncounted_sales(u32::MAX).await.unwrap();
    tx.rollback().await.unwrap();
    sales
}

async fn of_day<S: Storage>(storage: &S, day: NaiveDate) -> RollUps {
    let mut tx = begin(storage).await;
    let found = tx.find_roll_ups_of(day).await.unwrap();
    tx.rollback().await.unwrap();
    found
}

fn keys(sales: &[DailySales]) -> BTreeSet<SalesKey> {
    sales.iter().map(DailySales::key).collect()
}

fn by_key(sales: &[DailySales]) -> RollUps {
    sales.iter().map(|sales| (sales.key(), *sales)).collect()
}

/// Orders of one product each, paid now, with the sales that their payments note.
fn purchases(fixtures: &Fixtures, count: u32) -> (Vec<Order>, Vec<Sale>) {
    let mut orders = Vec::new();
    let mut sales = Vec::new();
    for _ in 0..count {
        let mut order = fixtures.order(fixtures.id());
        order.pay(fixtures.now()).expect("it waits for its payment");
        sales.extend(order.lines.iter().map(|line| Sale {
            product: line.product,
            units: line.quantity.get().into(),
            revenue: line.net(),
            ..fixtures.sale()
        }));
        orders.push(order);
    }
    (orders, sales)
}

pub(crate) async fn a_sale_reads_back_as_it_was_written<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(180);
    let sales = [
        Sale { noted_at: fixtures.in_millis(7), sold_at: fixtures.in_millis(-86_400_001), ..fixtures.sale() },
        Sale { noted_at: fixtures.in_millis(8), units: -3, revenue: krw(-1), ..fixtures.sale() },
        Sale {
            noted_at: fixtures.in_millis(9),
            units: i64::MAX,
            revenue: Money::new(i64::MIN, "USD".parse().unwrap()),
            ..fixtures.sale()
        },
    ];
    commit!(storage, tx => tx.insert_uncounted_sales(&sales));
    assert_eq!(uncounted(&storage).await, sales);
}

pub(crate) async fn sales_come_as_they_were_noted_and_go_once_they_are_counted<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(181);
    let sale = |n: i64| Sale { noted_at: fixtures.in_millis((n * 7919) % 40), ..fixtures.sale() };
    let mut sales: Vec<Sale> = (0..120).map(sale).collect();
    commit!(storage, tx => tx.insert_uncounted_sales(&sales));
    sales.sort_by_key(|sale| (sale.noted_at, sale.id));
    let mut tx = begin(&storage).await;
    assert_eq!(tx.list_uncounted_sales(50).await.unwrap(), sales[..50]);
    tx.delete_uncounted_sales(&sales[..50]).await.unwrap();
    assert_eq!(tx.list_uncounted_sales(1).await.unwrap(), sales[50..51]);
    tx.commit().await.unwrap();
    assert_eq!(uncounted(&storage).await, sales[50..]);
    // One of them is gone already.
    let mut tx = begin(&storage).await;
    let again = tx.delete_uncounted_sales(&sales[49..60]).await;
    assert_fatal(&finish(tx, again).await);
    assert_eq!(uncounted(&storage).await, sales[50..]);
}

pub(crate) async fn refuses_a_second_sale_under_a_key<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(182);
    let sale = fixtures.sale();
    commit!(storage, tx => tx.insert_uncounted_sales(&[sale]));
    let mut tx = begin(&storage).await;
    let again = tx.insert_uncounted_sales(&[Sale { units: 9, ..sale }]).await;
    assert_lost_race(&finish(tx, again).await);
    assert_eq!(uncounted(&storage).await, [sale]);
}

pub(crate) async fn a_sale_that_is_rolled_back_was_never_noted<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(183);
    let sale = fixtures.sale();
    let mut tx = begin(&storage).await;
    tx.insert_uncounted_sales(&[sale]).await.unwrap();
    assert_eq!(tx.list_uncounted_sales(9).await.unwrap(), [sale]);
    tx.rollback().await.unwrap();
    assert_eq!(uncounted(&storage).await, []);
    commit!(storage, tx => tx.insert_uncounted_sales(&[sale]));
    let mut tx = begin(&storage).await;
    tx.delete_uncounted_sales(&[sale]).await.unwrap();
    assert_eq!(tx.list_uncounted_sales(9).await.unwrap(), []);
    tx.rollback().await.unwrap();
    assert_eq!(uncounted(&storage).await, [sale]);
}

pub(crate) async fn a_roll_up_reads_back_as_it_was_written<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(184);
    let first = fixtures.roll_up("2026-11-22");
    let other = DailySales { revenue: Money::new(5, "USD".parse().unwrap()), units: -1, ..first };
    let edge = DailySales { units: i64::MAX, revenue: krw(i64::MIN), ..fixtures.roll_up("2026-11-22") };
    let next = DailySales { day: "2026-11-23".parse().unwrap(), ..first };
    let all = [first, other, edge, next];
    commit!(storage, tx => tx.replace_roll_ups(&keys(&all), &all));
    assert_eq!(of_day(&storage, first.day).await, by_key(&[first, other, edge]));
    assert_eq!(of_day(&storage, next.day).await, by_key(&[next]));
    assert_eq!(of_day(&storage, "2026-11-24".parse().unwrap()).await, RollUps::new());

    let mut tx = begin(&storage).await;
    let asked = keys(&[next, other, fixtures.roll_up("2026-11-22")]);
    assert_eq!(tx.find_roll_ups(&asked).await.unwrap(), by_key(&[other, next]));
    tx.rollback().await.unwrap();
}

pub(crate) async fn roll_ups_are_saved_where_they_are<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(197);
    let [kept, changed, missing] = [(); 3].map(|()| fixtures.roll_up("2026-11-22"));
    commit!(storage, tx => tx.replace_roll_ups(&keys(&[kept, changed]), &[kept, changed]));
    let changed = DailySales { units: -5, revenue: krw(9), ..changed };
    commit!(storage, tx => tx.save_roll_ups(&[changed]); tx.save_roll_ups(&[]));
    assert_eq!(of_day(&storage, kept.day).await, by_key(&[kept, changed]));
    let mut tx = begin(&storage).await;
    let saved = tx.save_roll_ups(&[kept, missing]).await;
    assert_fatal(&finish(tx, saved).await);
    assert_eq!(of_day(&storage, kept.day).await, by_key(&[kept, changed]));
}

pub(crate) async fn roll_ups_take_the_place_of_others<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(185);
    let [kept, changed, gone, new] = [(); 4].map(|()| fixtures.roll_up("2026-11-22"));
    let old = [kept, changed, gone];
    commit!(storage, tx => tx.replace_roll_ups(&keys(&old), &old));
    let changed = DailySales { units: -5, revenue: krw(9), ..changed };
    let mut tx = begin(&storage).await;
    tx.replace_roll_ups(&keys(&[changed, gone, new]), &[changed, new]).await.unwrap();
    assert_eq!(tx.find_roll_ups_of(kept.day).await.unwrap(), by_key(&[kept, changed, new]));
    // Once more in the same transaction.
    let changed = DailySales { units: 6, ..changed };
    tx.replace_roll_ups(&keys(&[changed]), &[changed]).await.unwrap();
    assert_eq!(tx.find_roll_ups(&keys(&[changed])).await.unwrap(), by_key(&[changed]));
    tx.commit().await.unwrap();
    assert_eq!(of_day(&storage, kept.day).await, by_key(&[kept, changed, new]));
    commit!(storage, tx => tx.replace_roll_ups(&keys(&[kept, changed, new]), &[]));
    assert_eq!(of_day(&storage, kept.day).await, RollUps::new());
}

pub(crate) async fn roll_ups_that_are_rolled_back_stay_as_they_were<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(186);
    let [old, other] = [(); 2].map(|()| fixtures.roll_up("2026-11-22"));
    commit!(storage, tx => tx.replace_roll_ups(&keys(&[old]), &[old]));
    let mut tx = begin(&storage).await;
    tx.replace_roll_ups(&keys(&[old, other]), &[other]).await.unwrap();
    assert_eq!(tx.find_roll_ups_of(old.day).await.unwrap(), by_key(&[other]));
    tx.rollback().await.unwrap();
    assert_eq!(of_day(&storage, old.day).await, by_key(&[old]));
}

/// Hard case 14, too: an instant decides which day a sale is of.
pub(crate) async fn what_has_to_be_counted_is_what_was_paid_less_what_is_uncounted<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(187);
    let sunday = BusinessZone::SEOUL.day("2026-11-22".parse().unwrap()).unwrap();
    let paid = |at: &str| {
        let mut order = fixtures.order_of(fixtures.id(), &[(1_000, 5), (300, 2)]);
        order.expires_at = instant("2099-01-01T00:00:00Z");
        order.pay(instant(at)).unwrap();
        order
    };
    let [first, last, before, after] = [
        "2026-11-21T15:00:00Z",
        "2026-11-22T14:59:59.999Z",
        "2026-11-21T14:59:59.999Z",
        "2026-11-22T15:00:00Z",
    ]
    .map(paid);
    let unpaid = fixtures.order_of(fixtures.id(), &[(1_000, 5)]);
    let orders = [first.clone(), last.clone(), before, after, unpaid];
    let of = |order: &Order, line: usize, units, revenue| Sale {
        product: order.lines[line].product,
        units,
        revenue: krw(revenue),
        sold_at: order.state.paid_at().unwrap(),
        ..fixtures.sale()
    };
    let sales = [
        of(&first, 0, 3, 2_000),
        of(&first, 1, -1, -100),
        of(&last, 0, 5, 5_000),
        // Sold on another day.
        Sale { sold_at: sunday.until, ..of(&last, 1, 1, 300) },
        Sale { sold_at: sunday.from - TimeDelta::milliseconds(1), ..of(&last, 1, 1, 300) },
    ];
    commit!(storage, tx => tx.insert_orders(&orders); tx.insert_uncounted_sales(&sales));
    let mut tx = begin(&storage).await;
    let mut sums = tx.sum_counted_sales(sunday).await.unwrap();
    sums.retain(|sum| sum.units != 0 || !sum.revenue.is_zero());
    sums.sort_by_key(|sum| (sum.units, sum.product));
    let sum = |order: &Order, line: usize, units, revenue| ProductSales {
        product: order.lines[line].product,
        units,
        revenue: krw(revenue),
    };
    let mut expected = [sum(&first, 0, 2, 3_000), sum(&first, 1, 3, 700), sum(&last, 1, 2, 600)];
    expected.sort_by_key(|sum| (sum.units, sum.product));
    assert_eq!(sums, expected);
    let nowhen = Window { from: sunday.from, until: sunday.from };
    assert_eq!(tx.sum_counted_sales(nowhen).await.unwrap(), []);
    tx.rollback().await.unwrap();
}

pub(crate) async fn sales_are_counted_once_whoever_counts<S: Storage>(storage: S) {
    const NOTERS: u32 = 4;
    let fixtures = Fixtures::seeded(188);
    let product = fixtures.id();
    at_once(2 * NOTERS, |n| {
        let (storage, fixtures) = (storage.clone(), fixtures.clone());
        async move {
            for round in 0..12_i64 {
                if n < NOTERS {
                    let sold_at = fixtures.in_millis(-round * 43_200_000);
                    let sale = || Sale { product, units: 1, revenue: krw(10), sold_at, ..fixtures.sale() };
                    let sales: Vec<Sale> = (0..7).map(|_| sale()).collect();
                    commit!(storage, tx => tx.insert_uncounted_sales(&sales));
                } else {
                    count(&storage, &fixtures).await.unwrap();
                }
            }
        }
    })
    .await;
    count(&storage, &fixtures).await.unwrap();
    assert_eq!(uncounted(&storage).await, []);
    let (mut units, mut amount) = (0, 0);
    for days in 0..7 {
        let day = BusinessZone::SEOUL.day_of(fixtures.now() - TimeDelta::days(days));
        let found: Vec<DailySales> = of_day(&storage, day).await.into_values().collect();
        assert!(found.len() <= 1 && found.iter().all(|sales| sales.product == product));
        units += found.iter().map(|sales| sales.units).sum::<i64>();
        amount += found.iter().map(|sales| sales.revenue.amount()).sum::<i64>();
    }
    assert_eq!((units, amount), (4 * 12 * 7, 4 * 12 * 7 * 10));
}

pub(crate) async fn a_rebuild_changes_nothing_while_sales_are_noted_and_counted<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(189);
    let day = BusinessZone::SEOUL.day_of(fixtures.now());
    at_once(4, |n| {
        let (storage, fixtures) = (storage.clone(), fixtures.clone());
        async move {
            for _ in 0..15 {
                match n {
                    0 | 1 => {
                        let (orders, sales) = purchases(&fixtures, 3);
                        commit!(storage, tx => tx.insert_orders(&orders); tx.insert_uncounted_sales(&sales));
                    }
                    2 => drop(count(&storage, &fixtures).await.unwrap()),
                    _ => {
                        let found = rebuild(&storage, &fixtures, day).await;
                        assert_eq!(found.corrected, 0, "a rebuild found something else than was counted");
                    }
                }
            }
        }
    })
    .await;
    count(&storage, &fixtures).await.unwrap();
    let counted = of_day(&storage, day).await;
    assert_eq!(rebuild(&storage, &fixtures, day).await, Rebuilt { roll_ups: counted.len(), corrected: 0 });

    // What was tampered with is put right, whatever is uncounted meanwhile.
    let (orders, sales) = purchases(&fixtures, 1);
    commit!(storage, tx => tx.insert_orders(&orders); tx.insert_uncounted_sales(&sales));
    let first = *counted.values().next().unwrap();
    let wrong = DailySales { units: first.units + 1, ..first };
    let stray = fixtures.roll_up(&day.to_string());
    let other = *counted.values().nth(1).unwrap();
    commit!(storage, tx => tx.replace_roll_ups(&keys(&[wrong, other, stray]), &[wrong, stray]));
    assert_eq!(rebuild(&storage, &fixtures, day).await, Rebuilt { roll_ups: counted.len(), corrected: 3 });
    assert_eq!(of_day(&storage, day).await, counted);
    assert_eq!(uncounted(&storage).await.len(), orders[0].lines.len());
    assert!(counted.keys().all(|key| key.currency == Currency::KRW));
}

async fn rebuild<S: Storage>(storage: &S, fixtures: &Fixtures, day: NaiveDate) -> Rebuilt {
    rebuild_sales(storage, &fixtures.sources(), BusinessZone::SEOUL, day).await.unwrap()
}

async fn count<S: Storage>(storage: &S, fixtures: &Fixtures) -> Result<u64, StorageError> {
    count_sales(storage, &fixtures.sources(), BusinessZone::SEOUL).await
}
