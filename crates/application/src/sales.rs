//! What payments and refunds tell the ranking: sales that are to be counted (ADR-033).

use std::collections::BTreeMap;

use jangteo_order::Order;
use jangteo_ranking::{Sale, SalesRepository};
use jangteo_refund::Refund;
use jangteo_shared_kernel::{Currency, Money, ProductId, StorageError, Timestamp};

use crate::Sources;

/// What those of the orders that are paid have sold: one sale a product and time of payment. MUST be called once an
/// order, when it is paid.
pub(crate) fn sold<'a>(sources: &Sources, orders: impl IntoIterator<Item = &'a Order>) -> Vec<Sale> {
    let paid = orders.into_iter().filter_map(|order| Some((order, order.state.paid_at()?)));
    let lines = paid.flat_map(|(order, paid_at)| {
        order.lines.iter().map(move |line| Part {
            noted_at: paid_at,
            sold_at: paid_at,
            product: line.product,
            units: line.quantity.get().into(),
            revenue: line.net(),
        })
    });
    add_up(sources, lines)
}

/// What refunds have taken back: negative sales, dated by the payment of their order (hard case 15).
pub(crate) fn taken_back<'a>(sources: &Sources, refunds: impl IntoIterator<Item = &'a Refund>) -> Vec<Sale> {
    let items = refunds.into_iter().flat_map(|refund| {
        refund.items.iter().map(move |item| Part {
            noted_at: refund.created_at,
            sold_at: refund.paid_at,
            product: item.product,
            units: -i64::from(item.quantity.get()),
            revenue: opposite(item.amount),
        })
    });
    add_up(sources, items)
}

/// Adds sales to the uncounted; none is no statement.
pub(crate) async fn note_sales(tx: &mut impl SalesRepository, sales: Vec<Sale>) -> Result<(), StorageError> {
    if sales.is_empty() { Ok(()) } else { tx.insert_uncounted_sales(&sales).await }
}

/// What a line or an item contributes.
struct Part {
    noted_at: Timestamp,
    sold_at: Timestamp,
    product: ProductId,
    units: i64,
    revenue: Money,
}

fn add_up(sources: &Sources, parts: impl Iterator<Item = Part>) -> Vec<Sale> {
    let mut sums: BTreeMap<(Timestamp, Timestamp, ProductId, Currency), Sale> = BTreeMap::new();
    let mut full = Vec::new();
    for Part { noted_at, sold_at, product, units, revenue } in parts {
        let key = (noted_at, sold_at, product, revenue.currency());
        if let Some(sum) = sums.get_mut(&key)
            && let (Some(units), Ok(revenue)) = (sum.units.checked_add(units), sum.revenue.plus(revenue))
        {
            (sum.units, sum.revenue) = (units, revenue);
            continue;
        }
        // What no longer fits into one sale is two: a payment never fails for the ranking.
        let id = sources.id(noted_at);
        full.extend(sums.insert(key, Sale { id, noted_at, product, units, revenue, sold_at }));
    }
    full.extend(sums.into_values());
    full
}

/// The amount with the other sign. Amounts of refunds are not below zero, so it always fits.
fn opposite(amount: Money) -> Money {
    amount.negated().unwrap_or(Money::zero(amount.currency()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jangteo_order::{OrderTerms, OrderedItem};
    use jangteo_refund::{RefundItem, RefundReason};
    use jangteo_shared_kernel::{Clock, Entropy, Id, Quantity};

    use super::*;

    struct Counter(std::sync::atomic::AtomicU64);

    impl Entropy for Counter {
        fn fill(&self, bytes: &mut [u8]) {
            let next = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_be_bytes();
            bytes.iter_mut().rev().zip(next.iter().rev()).for_each(|(byte, new)| *byte = *new);
        }
    }

    struct Epoch;

    impl Clock for Epoch {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }
    }

    fn sources() -> Sources {
        Sources::new(Arc::new(Epoch), Arc::new(Counter(0.into())))
    }

    fn id<K>(n: u32) -> Id<K> {
        format!("01900000-0000-7000-8000-{n:012x}").parse().unwrap()
    }

    fn krw(amount: i64) -> Money {
        Money::new(amount, Currency::KRW)
    }

    fn units(n: u32) -> Quantity {
        Quantity::new(n).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// An order of lines of a product, a price and a quantity, paid at once.
    fn paid(lines: &[(u32, i64, u32)], now: Timestamp) -> Order {
        let terms = OrderTerms {
            id: id(1),
            user: id(2),
            currency: Currency::KRW,
            placed_at: now,
            expires_at: now + chrono::TimeDelta::minutes(1),
        };
        let items = lines.iter().map(|&(product, price, quantity)| OrderedItem {
            line: id(3),
            product: id(product),
            product_name: "Mug".to_owned(),
            unit_price: krw(price),
            quantity: units(quantity),
        });
        let mut order = Order::place(terms, items, None).unwrap();
        order.pay(now).unwrap();
        order
    }

    /// Product, units and amount, in the order of the products.
    fn told(sales: &[Sale]) -> Vec<(ProductId, i64, i64)> {
        let mut told: Vec<_> =
            sales.iter().map(|sale| (sale.product, sale.units, sale.revenue.amount())).collect();
        told.sort_unstable();
        told
    }

    #[test]
    fn what_is_sold_at_one_time_is_one_sale_a_product() {
        let (now, later) = (at("2026-11-22T00:00:00Z"), at("2026-11-22T00:00:00.001Z"));
        let orders =
            [paid(&[(7, 100, 2), (8, 5, 1)], now), paid(&[(7, 90, 1)], now), paid(&[(7, 1, 1)], later)];
        let sales = sold(&sources(), &orders);
        assert_eq!(told(&sales), [(id(7), 1, 1), (id(7), 3, 290), (id(8), 1, 5)]);
        let ids: std::collections::BTreeSet<_> = sales.iter().map(|sale| sale.id).collect();
        assert_eq!(ids.len(), 3);
    }

    /// Hard case 20: amounts at the edges of i64.
    #[test]
    fn hard_case_20_what_does_not_fit_into_one_sale_is_two() {
        let now = at("2026-11-22T00:00:00Z");
        let orders = [paid(&[(7, i64::MAX, 1)], now), paid(&[(7, 5, 2)], now), paid(&[(7, 3, 1)], now)];
        assert_eq!(told(&sold(&sources(), &orders)), [(id(7), 1, i64::MAX), (id(7), 3, 13)]);
    }

    /// Hard case 15: the refund of last week's sale.
    #[test]
    fn hard_case_15_a_refund_takes_back_from_the_day_of_the_sale() {
        let (paid_at, now) = (at("2026-11-15T14:59:59.999Z"), at("2026-11-22T00:00:00Z"));
        let item = |product, quantity, restock, amount| RefundItem {
            line: id(3),
            product: id(product),
            quantity: units(quantity),
            restock,
            shares: Vec::new(),
            amount: krw(amount),
        };
        let refund = Refund {
            id: id(4),
            payment: id(5),
            order: id(1),
            user: id(2),
            reason: RefundReason::payment_cancelled(),
            items: vec![item(7, 2, true, 200), item(7, 1, false, 99), item(8, 1, true, 0)],
            tenders: Vec::new(),
            amount: krw(299),
            paid_at,
            created_at: now,
        };
        let sales = taken_back(&sources(), [&refund]);
        assert_eq!(told(&sales), [(id(7), -3, -299), (id(8), -1, 0)]);
        assert!(sales.iter().all(|sale| (sale.sold_at, sale.noted_at) == (paid_at, now)));
    }
}
