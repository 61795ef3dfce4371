//! Where the order and the payment meet.

use jangteo_order::{Order, OrderLine};
use jangteo_payment::{PayableOrder, Payment};
use jangteo_shared_kernel::{Money, OrderId, OrderLineId, PaymentId, ProductId, Timestamp, UserId};
use serde::Serialize;

use crate::outbox::event;
use crate::{Aggregate, Event, EventKind, Sources};

/// What the event of a paid order tells.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Paid {
    user_id: UserId,
    payment_id: PaymentId,
    total: Money,
    items: Vec<UnitsSold>,
}

/// What the event of a payment that settled its order tells.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Completed {
    order_id: OrderId,
    user_id: UserId,
    amount: Money,
}

/// A line as events tell it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnitsSold {
    order_item_id: OrderLineId,
    product_id: ProductId,
    quantity: u32,
    net: Money,
}

impl UnitsSold {
    pub(crate) fn of(line: &OrderLine) -> Self {
        Self {
            order_item_id: line.id,
            product_id: line.product,
            quantity: line.quantity.get(),
            net: line.net(),
        }
    }
}

/// The order as a payment sees it.
pub(crate) fn payable(order: &Order) -> PayableOrder {
    let net = |line: &OrderLine| (line.id, line.net());
    PayableOrder {
        order: order.id,
        user: order.user,
        total: order.total(),
        lines: order.lines.iter().map(net).collect(),
    }
}

/// The events of a payment that settled an order: one of each of the two.
pub(crate) fn paid(sources: &Sources, order: &Order, payment: &Payment, now: Timestamp) -> [Event; 2] {
    let order_data = Paid {
        user_id: order.user,
        payment_id: payment.id,
        total: order.total(),
        items: order.lines.iter().map(UnitsSold::of).collect(),
    };
    let payment_data = Completed { order_id: order.id, user_id: order.user, amount: payment.amount };
    let version = i64::try_from(payment.events.len()).unwrap_or(i64::MAX);
    [
        event(sources, now, EventKind::OrderPaid, (Aggregate::Order, order.id, order.version), order_data),
        event(
            sources,
            now,
            EventKind::PaymentCompleted,
            (Aggregate::Payment, payment.id, version),
            payment_data,
        ),
    ]
}
