//! What a refund tells: something happened to the order, and to its payment.

use jangteo_order::{Order, OrderStatus};
use jangteo_payment::{Payment, PaymentEventKind};
use jangteo_refund::{Refund, RefundItem, RefundMethod, Share};
use serde_json::json;

use crate::outbox::event;
use crate::{Aggregate, Event, EventKind, Sources};

/// The events of a refund, which was the order's and the payment's latest change: one of each of the two.
pub(crate) fn refunded(
    sources: &Sources,
    order: &Order,
    payment: &Payment,
    refund: &Refund,
    entry: PaymentEventKind,
) -> [Event; 2] {
    let item = |item: &RefundItem| {
        json!({
            "orderItemId": item.line,
            "productId": item.product,
            "quantity": item.quantity.get(),
            "restock": item.restock,
            "amount": item.amount,
        })
    };
    let whole = order.status() == OrderStatus::Refunded;
    let order_data = json!({
        "userId": order.user,
        "refundId": refund.id,
        "paymentId": payment.id,
        "paidAt": refund.paid_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        "amount": refund.amount,
        "status": if whole { "REFUNDED" } else { "PARTIALLY_REFUNDED" },
        "issuedCouponId": order.issued_coupon.filter(|_| whole),
        "items": refund.items.iter().map(item).collect::<Vec<_>>(),
    });
    let tender = |share: &Share| {
        let method = match share.method {
            RefundMethod::Point => "POINT",
            RefundMethod::Card => "CARD",
        };
        json!({ "method": method, "amount": share.amount })
    };
    let payment_data = json!({
        "orderId": order.id,
        "userId": order.user,
        "refundId": refund.id,
        "amount": refund.amount,
        "refunded": payment.refunded(),
        "tenders": refund.tenders.iter().map(tender).collect::<Vec<_>>(),
    });
    let kind = match entry {
        PaymentEventKind::Cancelled => EventKind::PaymentCancelled,
        _ => EventKind::PaymentRefunded,
    };
    let version = i64::try_from(payment.events.len()).unwrap_or(i64::MAX);
    let now = refund.created_at;
    [
        event(
            sources,
            now,
            EventKind::OrderRefunded,
            (Aggregate::Order, order.id, order.version),
            order_data,
        ),
        event(sources, now, kind, (Aggregate::Payment, payment.id, version), payment_data),
    ]
}
