//! Orders and their lines.

use std::collections::BTreeMap;

use jangteo_order::{Order, OrderLine, OrderState, OrderStatus};
use jangteo_shared_kernel::{
    Currency, IssuedCouponId, Money, OrderId, OrderLineId, ProductId, Quantity, StorageError, UserId,
};
use uuid::Uuid;

use crate::entity::{order_lines, orders};
use crate::error::Place;
use crate::names::Named;

pub(crate) fn row(order: &Order) -> orders::Model {
    let state = order.state;
    orders::Model {
        id: order.id.as_uuid(),
        user_id: order.user.as_uuid(),
        gross_amount: order.gross.amount(),
        discount_amount: order.discount.amount(),
        total_amount: order.total().amount(),
        currency: order.gross.currency().into(),
        status: state.status().name().to_owned(),
        created_at: order.created_at,
        expires_at: order.expires_at,
        paid_at: state.paid_at(),
        cancelled_at: state.cancelled_at(),
        expired_at: match state {
            OrderState::Expired { expired_at } => Some(expired_at),
            _ => None,
        },
        version: order.version,
        issued_coupon_id: order.issued_coupon.map(|coupon| coupon.as_uuid()),
    }
}

pub(crate) fn line_rows(order: &Order) -> Result<Vec<order_lines::Model>, StorageError> {
    let lines = order.lines.iter().map(|line| {
        let place = Place { table: "order_lines", id: &line.id };
        let units = |column, units: Quantity| place.read(column, i16::try_from(units.get()));
        Ok(order_lines::Model {
            order_id: order.id.as_uuid(),
            number: place.read("number", line.number.try_into())?,
            id: line.id.as_uuid(),
            product_id: line.product.as_uuid(),
            product_name: line.product_name.clone(),
            unit_price_amount: line.unit_price.amount(),
            quantity: units("quantity", line.quantity)?,
            gross_amount: line.gross.amount(),
            discount_amount: line.discount.amount(),
            refunded: units("refunded", line.refunded)?,
            restocked: units("restocked", line.restocked)?,
        })
    });
    lines.collect()
}

/// Orders of their rows, in the order of the rows. Lines come in any order.
pub(crate) fn orders(
    rows: Vec<orders::Model>,
    lines: Vec<order_lines::Model>,
) -> Result<Vec<Order>, StorageError> {
    let mut lines_of: BTreeMap<Uuid, Vec<order_lines::Model>> = BTreeMap::new();
    for line in lines {
        lines_of.entry(line.order_id).or_default().push(line);
    }
    rows.into_iter().map(|row| order(&row, lines_of.remove(&row.id).unwrap_or_default())).collect()
}

fn order(row: &orders::Model, mut lines: Vec<order_lines::Model>) -> Result<Order, StorageError> {
    let id = OrderId::from_uuid(row.id);
    let place = Place { table: "orders", id: &id };
    let currency: Currency = place.read("currency", row.currency.parse())?;
    let paid_at = || place.present("paid_at", row.paid_at);
    let state = match place.named("status", &row.status)? {
        OrderStatus::PendingPayment => OrderState::PendingPayment,
        OrderStatus::Paid => OrderState::Paid { paid_at: paid_at()? },
        OrderStatus::Cancelled => {
            OrderState::Cancelled { cancelled_at: place.present("cancelled_at", row.cancelled_at)? }
        }
        OrderStatus::Expired => {
            OrderState::Expired { expired_at: place.present("expired_at", row.expired_at)? }
        }
        OrderStatus::PartiallyRefunded => OrderState::PartiallyRefunded { paid_at: paid_at()? },
        OrderStatus::Refunded => OrderState::Refunded { paid_at: paid_at()? },
    };
    lines.sort_by_key(|line| line.number);
    Ok(Order {
        id,
        user: UserId::from_uuid(row.user_id),
        lines: lines.into_iter().map(|row| line(row, currency)).collect::<Result<_, _>>()?,
        gross: Money::new(row.gross_amount, currency),
        discount: Money::new(row.discount_amount, currency),
        issued_coupon: row.issued_coupon_id.map(IssuedCouponId::from_uuid),
        created_at: row.created_at,
        expires_at: row.expires_at,
        state,
        version: row.version,
    })
}

fn line(row: order_lines::Model, currency: Currency) -> Result<OrderLine, StorageError> {
    let id = OrderLineId::from_uuid(row.id);
    let place = Place { table: "order_lines", id: &id };
    let units = |column, units: i16| place.read(column, Quantity::try_from(i64::from(units)));
    let money = |amount| Money::new(amount, currency);
    Ok(OrderLine {
        id,
        number: place.read("number", row.number.try_into())?,
        product: ProductId::from_uuid(row.product_id),
        product_name: row.product_name,
        unit_price: money(row.unit_price_amount),
        quantity: units("quantity", row.quantity)?,
        gross: money(row.gross_amount),
        discount: money(row.discount_amount),
        refunded: units("refunded", row.refunded)?,
        restocked: units("restocked", row.restocked)?,
    })
}
