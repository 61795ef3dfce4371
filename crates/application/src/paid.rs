//! Where the order and the payment meet.

use jangteo_order::{Order, OrderLine};
use jangteo_payment::{PayableOrder, Payment};
use jangteo_shared_kernel::Timestamp;
use serde_json::json;

use crate::outbox::event;
use crate::{Aggregate, Event, EventKind, Sources};

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
    let units = |line: &OrderLine| json!({ "orderItemId": line.id, "productId": line.product, "quantity": line.quantity.get(), "net": line.net() });
    let order_data = json!({
        "userId": order.user,
        "paymentId": payment.id,
        "total": order.total(),
        "items": order.lines.iter().map(units).collect::<Vec<_>>(),
    });
    let payment_data = json!({ "orderId": order.id, "userId": order.user, "amount": payment.amount });
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
