//! The refund aggregate.

use jangteo_shared_kernel::{Money, OrderId, PaymentId, RefundId, Timestamp, UserId};

use crate::{RefundItem, RefundPlan, RefundReason, RefundablePayment, Share};

/// What was given back of a payment, and why. Refunds are only ever added.
///
/// The fields are public for storages, which write and read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Names it to every other context.
    pub id: RefundId,
    /// Of which payment.
    pub payment: PaymentId,
    /// Of which order.
    pub order: OrderId,
    /// Whose.
    pub user: UserId,
    /// Why.
    pub reason: RefundReason,
    /// The units, in the order of [`RefundPlan::items`].
    pub items: Vec<RefundItem>,
    /// How much went back on each way, in the order of [`RefundPlan::tenders`].
    pub tenders: Vec<Share>,
    /// Σ of the items, and Σ of the tenders.
    pub amount: Money,
    /// When the order was paid: the refund counts against that day (hard case 15).
    pub paid_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Refund {
    /// A refund as it was planned. Its units MUST be noted in the order, its amounts in the payment, its points MUST be
    /// given back and its stock put back in the same transaction.
    #[must_use]
    pub fn make(
        id: RefundId,
        payment: &RefundablePayment,
        plan: RefundPlan,
        reason: RefundReason,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            payment: payment.payment,
            order: payment.order,
            user: payment.user,
            reason,
            items: plan.items,
            tenders: plan.tenders,
            amount: plan.amount,
            paid_at: payment.paid_at,
            created_at: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::RequestedRefund;
    use crate::plan::tests::{id, payment};

    /// Hard case 15: the refund of last week's sale.
    #[test]
    fn hard_case_15_a_refund_knows_what_was_sold_and_when() {
        let payment = payment(&[(2, 1_000, 0), (1, 0, 500)]);
        let plan = payment.plan(&RequestedRefund::Everything).unwrap();
        let next_week = payment.paid_at + TimeDelta::days(7);
        let refund =
            Refund::make(id(9), &payment, plan.clone(), RefundReason::payment_cancelled(), next_week);
        assert_eq!((refund.paid_at, refund.created_at), (payment.paid_at, next_week));
        let sold: Vec<_> = refund.items.iter().map(|item| (item.product, item.quantity.get())).collect();
        assert_eq!(sold, [(id(200), 2), (id(201), 1)]);
        assert_eq!((refund.items, refund.tenders, refund.amount), (plan.items, plan.tenders, plan.amount));
    }
}
