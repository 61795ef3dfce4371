//! Refunds: a header, items, and what each item gave back on each way.

use std::collections::BTreeMap;

use jangteo_refund::{Refund, RefundItem, Share};
use jangteo_shared_kernel::{
    Currency, Money, OrderId, OrderLineId, PaymentId, ProductId, Quantity, RefundId, StorageError, UserId,
};
use uuid::Uuid;

use crate::entity::{refund_items, refund_shares, refunds};
use crate::error::Place;
use crate::names::Named;

pub(crate) fn row(refund: &Refund) -> refunds::Model {
    refunds::Model {
        id: refund.id.as_uuid(),
        payment_id: refund.payment.as_uuid(),
        order_id: refund.order.as_uuid(),
        user_id: refund.user.as_uuid(),
        reason: refund.reason.as_str().to_owned(),
        amount: refund.amount.amount(),
        currency: refund.amount.currency().into(),
        paid_at: refund.paid_at,
        created_at: refund.created_at,
    }
}

/// The items of a refund with their shares, numbered from 1.
pub(crate) fn item_rows(
    refund: &Refund,
) -> Result<(Vec<refund_items::Model>, Vec<refund_shares::Model>), StorageError> {
    let place = Place { table: "refund_items", id: &refund.id };
    let refund_id = refund.id.as_uuid();
    let (mut items, mut shares) = (Vec::new(), Vec::new());
    for (number, item) in (1_usize..).zip(&refund.items) {
        let number = place.written("number", i16::try_from(number))?;
        items.push(refund_items::Model {
            refund_id,
            number,
            line_id: item.line.as_uuid(),
            product_id: item.product.as_uuid(),
            quantity: place.written("quantity", i16::try_from(item.quantity.get()))?,
            restock: item.restock.into(),
            amount: item.amount.amount(),
        });
        shares.extend(item.shares.iter().map(|share| refund_shares::Model {
            refund_id,
            number,
            method: share.method.name().to_owned(),
            amount: share.amount.amount(),
        }));
    }
    Ok((items, shares))
}

/// Refunds of their rows, in the order of the headers. Items and shares come in any order.
pub(crate) fn refunds(
    headers: Vec<refunds::Model>,
    items: Vec<refund_items::Model>,
    shares: Vec<refund_shares::Model>,
) -> Result<Vec<Refund>, StorageError> {
    let mut items_of: BTreeMap<Uuid, Vec<refund_items::Model>> = BTreeMap::new();
    for item in items {
        items_of.entry(item.refund_id).or_default().push(item);
    }
    let mut shares_of: BTreeMap<(Uuid, i16), Vec<refund_shares::Model>> = BTreeMap::new();
    for share in shares {
        shares_of.entry((share.refund_id, share.number)).or_default().push(share);
    }
    let refunds = headers.into_iter().map(|header| {
        let id = RefundId::from_uuid(header.id);
        let place = Place { table: "refunds", id: &id };
        let currency: Currency = place.read("currency", header.currency.parse())?;
        let mut rows = items_of.remove(&header.id).unwrap_or_default();
        rows.sort_by_key(|item| item.number);
        let items = rows.iter().map(|row| {
            let shares = shares_of.remove(&(row.refund_id, row.number)).unwrap_or_default();
            item(id, row, &shares, currency)
        });
        let items: Vec<RefundItem> = items.collect::<Result<_, _>>()?;
        let tenders = Share::by_method(currency, items.iter().flat_map(|item| &item.shares));
        Ok(Refund {
            id,
            payment: PaymentId::from_uuid(header.payment_id),
            order: OrderId::from_uuid(header.order_id),
            user: UserId::from_uuid(header.user_id),
            reason: place.read("reason", header.reason.parse())?,
            tenders: place.read("shares", tenders)?,
            items,
            amount: Money::new(header.amount, currency),
            paid_at: header.paid_at,
            created_at: header.created_at,
        })
    });
    refunds.collect()
}

fn item(
    refund: RefundId,
    row: &refund_items::Model,
    shares: &[refund_shares::Model],
    currency: Currency,
) -> Result<RefundItem, StorageError> {
    let place = Place { table: "refund_items", id: &refund };
    let share = |share: &refund_shares::Model| {
        let place = Place { table: "refund_shares", id: &refund };
        Ok(Share {
            method: place.named("method", &share.method)?,
            amount: Money::new(share.amount, currency),
        })
    };
    let mut shares: Vec<Share> = shares.iter().map(share).collect::<Result<_, StorageError>>()?;
    shares.sort_by_key(|share| share.method);
    Ok(RefundItem {
        line: OrderLineId::from_uuid(row.line_id),
        product: ProductId::from_uuid(row.product_id),
        quantity: place.read("quantity", Quantity::try_from(i64::from(row.quantity)))?,
        restock: row.restock != 0,
        shares,
        amount: Money::new(row.amount, currency),
    })
}
