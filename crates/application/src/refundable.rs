//! A payment with its order, as a refund sees them.

use jangteo_order::{Order, OrderLine};
use jangteo_payment::{Payment, Tender, TenderMethod};
use jangteo_refund::{RefundMethod, RefundableLine, RefundablePayment, Share};

/// The payment of an order as a refund sees it; `None` if the payment did not settle it. What was paid for a line never
/// changes, so only the order has to be as it is now.
pub(crate) fn refundable(order: &Order, payment: &Payment) -> Option<RefundablePayment> {
    let paid_at = order.state.paid_at().filter(|_| payment.settles && payment.order == order.id)?;
    let line = |line: &OrderLine| RefundableLine {
        line: line.id,
        product: line.product,
        quantity: line.quantity,
        refunded: line.refunded,
        shares: payment.tenders.iter().filter_map(|tender| share(tender, line)).collect(),
    };
    Some(RefundablePayment {
        payment: payment.id,
        order: order.id,
        user: order.user,
        paid_at,
        currency: payment.amount.currency(),
        lines: order.lines.iter().map(line).collect(),
    })
}

fn share(tender: &Tender, line: &OrderLine) -> Option<Share> {
    let of_line = tender.shares.iter().find(|share| share.line == line.id)?;
    let method = match tender.method {
        TenderMethod::Point => RefundMethod::Point,
        TenderMethod::Card => RefundMethod::Card,
    };
    Some(Share { method, amount: of_line.amount })
}

/// The way on which money came in, of the way on which it goes back.
pub(crate) const fn tender_method(method: RefundMethod) -> TenderMethod {
    match method {
        RefundMethod::Point => TenderMethod::Point,
        RefundMethod::Card => TenderMethod::Card,
    }
}
