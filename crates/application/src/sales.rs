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
#[cfg_attr(not(test), expect(dead_code, reason = "refunding, which calls it, is not built yet"))]
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
