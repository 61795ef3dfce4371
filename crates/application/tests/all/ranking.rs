//! What payments note, what is counted of it, and what a rebuild makes of that.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, TimeDelta};
use jangteo_application::{PayOrder, SetUseCase, Verdict, count_sales, rebuild_sales};
use jangteo_payment::{PaymentQueries, RequestedTenders};
use jangteo_ranking::{DailySales, RankingWindow, RollUps, Sale, SalesKey, SalesRepository};
use jangteo_shared_kernel::{
    BusinessZone, Currency, OrderLineId, PaymentId, ProductId, StorageError, Timestamp, atomically,
};
use jangteo_storage_memory::MemoryTransaction;
use proptest::prelude::*;

use crate::refunds::{cancel_payment, refund};
use crate::shop::{Shop, accepted};

const ZONE: BusinessZone = BusinessZone::SEOUL;

async fn in_one<T>(
    shop: &Shop,
    work: impl AsyncFnOnce(&mut MemoryTransaction) -> Result<T, StorageError>,
) -> T {
    atomically(&shop.storage, work).await.unwrap()
}

async fn uncounted(shop: &Shop) -> Vec<Sale> {
    in_one(shop, async |tx| tx.list_uncounted_sales(u32::MAX).await).await
}

async fn count(shop: &Shop) -> u64 {
    count_sales(&shop.storage, &shop.sources, ZONE).await.unwrap()
}

async fn of_day(shop: &Shop, day: NaiveDate) -> RollUps {
    in_one(shop, async |tx| tx.find_roll_ups_of(day).await).await
}

/// Units and revenue by product.
fn told(roll_ups: &RollUps) -> BTreeMap<ProductId, (i64, i64)> {
    roll_ups.values().map(|sales| (sales.product, (sales.units, sales.revenue.amount()))).collect()
}

#[tokio::test]
async fn what_is_paid_is_sold_and_nothing_else_is() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer_with(90_000).await, shop.product(12_000, 10).await);
    let free = shop.product(0, 10).await;
    let paid = accepted(shop.place(user, &[(mug, 2), (free, 1)]).await).id;
    let cancelled = accepted(shop.place(user, &[(mug, 3)]).await).id;
    shop.cancel(user, cancelled).await.unwrap();
    accepted(shop.place(user, &[(mug, 1)]).await);
    assert_eq!(uncounted(&shop).await, []);

    shop.clock.advance(TimeDelta::minutes(10));
    let now = shop.sources.now();
    accepted(shop.pay(user, paid).await);
    let Verdict::Refused(_) = shop.pay(user, paid).await else { panic!("paid twice") };
    let sales = uncounted(&shop).await;
    assert!(sales.iter().all(|sale| (sale.noted_at, sale.sold_at) == (now, now)));
    let sold: BTreeSet<_> = sales.iter().map(|it| (it.product, it.units, it.revenue.amount())).collect();
    assert_eq!(sold, BTreeSet::from([(mug, 2, 24_000), (free, 1, 0)]));
    // An order with nothing to pay is paid when it is placed.
    accepted(shop.place(user, &[(free, 4)]).await);
    assert_eq!(uncounted(&shop).await.len(), 3);

    assert_eq!(count(&shop).await, 3);
    assert_eq!((count(&shop).await, uncounted(&shop).await.len()), (0, 0));
    let day = of_day(&shop, ZONE.day_of(now)).await;
    assert_eq!(told(&day), BTreeMap::from([(mug, (2, 24_000)), (free, (5, 0))]));
}

#[tokio::test]
async fn a_set_notes_one_sale_a_product() {
    let shop = Shop::new();
    let (user, mug, tea) =
        (shop.customer_with(90_000).await, shop.product(1_000, 99).await, shop.product(300, 99).await);
    let mut commands = Vec::new();
    for _ in 0..20 {
        let order = accepted(shop.place(user, &[(mug, 2), (tea, 1)]).await).id;
        commands.push(PayOrder { user, order, tenders: RequestedTenders::AllPoints, mark: shop.mark(user) });
    }
    in_one(&shop, async |tx| shop.pay_orders().decide(tx, &commands).await).await;
    let sales = uncounted(&shop).await;
    let sold: BTreeSet<_> = sales.iter().map(|it| (it.product, it.units, it.revenue.amount())).collect();
    assert_eq!((sales.len(), sold), (2, BTreeSet::from([(mug, 40, 40_000), (tea, 20, 6_000)])));
}

/// Hard case 14: a sale at 23:59:59.999 on Sunday in Seoul, and one a millisecond later.
#[tokio::test]
async fn hard_case_14_a_millisecond_later_is_another_week() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer_with(90_000).await, shop.product(1_000, 10).await);
    let last: Timestamp = "2026-11-22T14:59:59.999Z".parse().unwrap();
    shop.clock.advance(last - shop.sources.now());
    let orders =
        [accepted(shop.place(user, &[(mug, 1)]).await).id, accepted(shop.place(user, &[(mug, 3)]).await).id];
    accepted(shop.pay(user, orders[0]).await);
    shop.clock.advance(TimeDelta::milliseconds(1));
    accepted(shop.pay(user, orders[1]).await);
    count(&shop).await;
    let today = ZONE.day_of(shop.sources.now());
    let mut weeks = Vec::new();
    for date in [ZONE.day_of(last), today] {
        let mut units = 0;
        for day in RankingWindow::Week(date).period(today, ZONE).unwrap().days {
            units += of_day(&shop, day).await.values().map(|sales| sales.units).sum::<i64>();
        }
        weeks.push(units);
    }
    assert_eq!(weeks, [1, 3]);
}

/// Hard case 15: the refund of last week's sale.
#[tokio::test]
async fn hard_case_15_a_refund_counts_against_the_day_of_the_sale() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer_with(90_000).await, shop.product(1_000, 10).await);
    let order = accepted(shop.place(user, &[(mug, 5)]).await);
    let payment = accepted(shop.pay(user, order.id).await).id;
    let sold = ZONE.day_of(shop.sources.now());
    count(&shop).await;
    shop.clock.advance(TimeDelta::days(7));
    accepted(refund(&shop, user, payment, &[(order.lines[0].id, 2)]).await);
    count(&shop).await;
    assert_eq!(told(&of_day(&shop, sold).await), BTreeMap::from([(mug, (3, 3_000))]));
    accepted(cancel_payment(&shop, user, payment).await);
    assert_eq!(count(&shop).await, 1);
    // Nothing was sold on that day in the end, and nothing on this one.
    assert!(of_day(&shop, sold).await.values().all(DailySales::is_nothing));
    assert!(of_day(&shop, ZONE.day_of(shop.sources.now())).await.is_empty());
    for day in [sold, ZONE.day_of(shop.sources.now())] {
        let rebuilt = rebuild_sales(&shop.storage, &shop.sources, ZONE, day).await.unwrap();
        assert_eq!(rebuilt.corrected, 0);
    }
}

/// What one step of a random sequence does.
#[derive(Debug, Clone)]
enum Step {
    /// An order of so many units of a product is placed and paid.
    Buy(usize, u32),
    /// So many units of the nth purchase are refunded.
    Refund(usize, u32),
    Count,
    Wait(i64),
    /// The business day so many days ago is computed anew.
    Rebuild(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (0..3_usize, 1..4_u32).prop_map(|(product, units)| Step::Buy(product, units)),
        3 => (0..8_usize, 1..3_u32).prop_map(|(purchase, units)| Step::Refund(purchase, units)),
        3 => Just(Step::Count),
        2 => (1_i64..2_000).prop_map(Step::Wait),
        2 => (0_i64..4).prop_map(Step::Rebuild),
    ];
    prop::collection::vec(step, 1..40)
}

/// The roll-ups that everything noted so far has to come to.
#[derive(Default)]
struct Model(BTreeMap<SalesKey, (i64, i64)>);

impl Model {
    fn add(&mut self, key: SalesKey, units: i64, amount: i64) {
        let sum = self.0.entry(key).or_default();
        (sum.0, sum.1) = (sum.0 + units, sum.1 + amount);
    }

    fn of_day(&self, day: NaiveDate) -> BTreeMap<ProductId, (i64, i64)> {
        let sums = self.0.iter().filter(|(key, sum)| key.day == day && **sum != (0, 0));
        sums.map(|(key, sum)| (key.product, *sum)).collect()
    }
}

/// A purchase of one product, and how many of its units were not refunded.
struct Bought {
    key: SalesKey,
    payment: PaymentId,
    line: OrderLineId,
    price: i64,
    left: u32,
}

async fn run(steps: Vec<Step>) {
    let shop = Shop::new();
    let user = shop.customer_with(10_000_000).await;
    let prices = [1_000, 333, 0];
    let mut products = Vec::new();
    for price in prices {
        products.push(shop.product(price, 10_000).await);
    }
    let (mut model, mut bought) = (Model::default(), Vec::<Bought>::new());
    let first = ZONE.day_of(shop.sources.now());
    for step in steps {
        match step {
            Step::Buy(product, units) => {
                let order = accepted(shop.place(user, &[(products[product], units)]).await);
                let price = prices[product];
                if price > 0 {
                    accepted(shop.pay(user, order.id).await);
                }
                let payment = shop.storage.payments_of_order(order.id).await.unwrap().pop().unwrap();
                let day = ZONE.day_of(shop.sources.now());
                let key = SalesKey { day, product: products[product], currency: Currency::KRW };
                model.add(key, units.into(), price * i64::from(units));
                bought.push(Bought { key, payment: payment.id, line: order.lines[0].id, price, left: units });
            }
            Step::Refund(purchase, units) => {
                if let Some(bought) = bought.get_mut(purchase).filter(|bought| units <= bought.left) {
                    accepted(refund(&shop, user, bought.payment, &[(bought.line, units)]).await);
                    bought.left -= units;
                    model.add(bought.key, -i64::from(units), -bought.price * i64::from(units));
                }
            }
            Step::Count => drop(count(&shop).await),
            Step::Wait(minutes) => shop.clock.advance(TimeDelta::minutes(minutes)),
            Step::Rebuild(days_ago) => {
                let day = ZONE.day_of(shop.sources.now() - TimeDelta::days(days_ago));
                let rebuilt = rebuild_sales(&shop.storage, &shop.sources, ZONE, day).await.unwrap();
                assert_eq!(rebuilt.corrected, 0);
            }
        }
        // What is counted and what is not are together what was noted.
        let pending = uncounted(&shop).await;
        for day in first.iter_days().take_while(|day| *day <= ZONE.day_of(shop.sources.now())) {
            let mut together = of_day(&shop, day).await;
            for sale in pending.iter().filter(|sale| sale.key(ZONE).day == day) {
                let key = sale.key(ZONE);
                together.entry(key).or_insert(DailySales::of_nothing(key)).count(sale).unwrap();
            }
            together.retain(|_, sales| !sales.is_nothing());
            assert_eq!(told(&together), model.of_day(day), "{day}");
        }
    }
}

proptest! {
    #[test]
    fn sales_refunds_batches_and_rebuilds_in_any_order_come_to_the_same(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(run(steps));
    }
}

/// A figure tells how far behind the ranking is: by the sale that was noted the longest ago.
#[tokio::test]
async fn it_is_told_how_long_sales_were_uncounted() {
    const LAG: &str = "ranking_lag_seconds";
    let shop = Shop::new();
    let (user, sticker) = (shop.customer().await, shop.product(0, 10).await);
    for _ in 0..2 {
        accepted(shop.place(user, &[(sticker, 1)]).await);
        shop.clock.advance(TimeDelta::seconds(7));
    }
    assert_eq!((count(&shop).await, shop.figure(LAG).as_str()), (2, "14.0"));
    assert_eq!((count(&shop).await, shop.figure(LAG).as_str()), (0, "0.0"));
}
