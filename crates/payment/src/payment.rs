//! The payment aggregate.

use jangteo_shared_kernel::{AllocationError, Money, OrderId, OrderLineId, PaymentId, Timestamp, UserId};

use crate::history::fold;
use crate::tender::share_out;
use crate::{
    PaymentEvent, PaymentEventKind, PaymentStatus, RequestedTender, RequestedTenders, Tender, TenderMethod,
};

/// A payment with its tenders and its history.
///
/// The fields are public for storages, which write and read them; rules live in the methods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Names it to every other context.
    pub id: PaymentId,
    /// Which order it pays.
    pub order: OrderId,
    /// Whose order that is.
    pub user: UserId,
    /// The order's total.
    pub amount: Money,
    /// What it is made with.
    pub tenders: Vec<Tender>,
    /// What happened to it, in sequence.
    pub events: Vec<PaymentEvent>,
    /// Whether it is the one that settled its order.
    pub settles: bool,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// An order as a payment sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayableOrder {
    /// Which order.
    pub order: OrderId,
    /// Whose.
    pub user: UserId,
    /// What has to be paid.
    pub total: Money,
    /// The net of each line, by line number; they add up to the total.
    pub lines: Vec<(OrderLineId, Money)>,
}

/// Why tenders do not settle an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettleRefusal {
    /// They do not add up to the order's total.
    #[error("the tenders do not add up to the order's total of {total}")]
    AmountMismatch {
        /// What has to be paid.
        total: Money,
    },
    /// The order's own amounts do not add up: a bug elsewhere, found here.
    #[error("the order's lines do not add up to its total")]
    BrokenOrder(#[from] AllocationError),
}

impl Payment {
    /// A payment that settles an order at once: requested and approved. What its tenders take (points) MUST be
    /// taken in the same transaction.
    pub fn settle(
        id: PaymentId,
        order: &PayableOrder,
        tenders: &RequestedTenders,
        now: Timestamp,
    ) -> Result<Self, SettleRefusal> {
        let nothing = Money::zero(order.total.currency());
        let all_points = [RequestedTender { method: TenderMethod::Point, amount: order.total }];
        let requested = match tenders {
            RequestedTenders::AllPoints if order.total.is_zero() => &[][..],
            RequestedTenders::AllPoints => &all_points[..],
            RequestedTenders::These(these) => these,
        };
        let offered = Money::sum(nothing.currency(), requested.iter().map(|tender| tender.amount));
        if offered != Ok(order.total) {
            return Err(SettleRefusal::AmountMismatch { total: order.total });
        }
        let mut tenders: Vec<Tender> = requested
            .iter()
            .map(|tender| Tender {
                method: tender.method,
                amount: tender.amount,
                refunded: nothing,
                shares: Vec::new(),
            })
            .collect();
        share_out(&mut tenders, &order.lines)?;
        let event = |sequence, kind| PaymentEvent { sequence, kind, amount: order.total, created_at: now };
        Ok(Self {
            id,
            order: order.order,
            user: order.user,
            amount: order.total,
            tenders,
            events: vec![event(1, PaymentEventKind::Requested), event(2, PaymentEventKind::Approved)],
            settles: true,
            created_at: now,
        })
    }

    /// What its history makes it.
    #[must_use]
    pub fn status(&self) -> PaymentStatus {
        fold(&self.events).status
    }

    /// How much was taken.
    #[must_use]
    pub fn captured(&self) -> Money {
        Money::new(fold(&self.events).captured, self.amount.currency())
    }

    /// How much was given back.
    #[must_use]
    pub fn refunded(&self) -> Money {
        Money::new(fold(&self.events).refunded, self.amount.currency())
    }

    /// How much of one method it takes.
    #[must_use]
    pub fn tendered_by(&self, method: TenderMethod) -> Money {
        let tender = self.tenders.iter().find(|tender| tender.method == method);
        tender.map_or(Money::zero(self.amount.currency()), |tender| tender.amount)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use jangteo_shared_kernel::Currency;

    use super::*;

    pub(crate) fn krw(amount: i64) -> Money {
        Money::new(amount, Currency::KRW)
    }

    fn order(nets: &[i64]) -> PayableOrder {
        let id = |n: usize| format!("01900000-0000-7000-8000-{n:012x}");
        PayableOrder {
            order: id(1).parse().unwrap(),
            user: id(2).parse().unwrap(),
            total: krw(nets.iter().sum()),
            lines: nets
                .iter()
                .enumerate()
                .map(|(n, net)| (id(100 + n).parse().unwrap(), krw(*net)))
                .collect(),
        }
    }

    fn settle(order: &PayableOrder, tenders: &RequestedTenders) -> Result<Payment, SettleRefusal> {
        let id = "01900000-0000-7000-8000-00000000ffff".parse().unwrap();
        Payment::settle(id, order, tenders, Timestamp::UNIX_EPOCH)
    }

    /// A payment of an order of one line that these tenders paid.
    pub(crate) fn paid_with(tenders: &[(TenderMethod, i64)]) -> Payment {
        let tender = |&(method, amount)| RequestedTender { method, amount: krw(amount) };
        let these: Vec<_> = tenders.iter().map(tender).collect();
        let tenders = if these.is_empty() {
            RequestedTenders::AllPoints
        } else {
            RequestedTenders::these(these).unwrap()
        };
        let total = match &tenders {
            RequestedTenders::AllPoints => 0,
            RequestedTenders::These(these) => these.iter().map(|tender| tender.amount.amount()).sum(),
        };
        settle(&order(&[total]), &tenders).unwrap()
    }

    fn points(amount: i64) -> RequestedTenders {
        RequestedTenders::these(vec![RequestedTender { method: TenderMethod::Point, amount: krw(amount) }])
            .unwrap()
    }

    #[test]
    fn takes_exactly_the_total() {
        let order = order(&[6_000, 4_000]);
        let mismatch = Err(SettleRefusal::AmountMismatch { total: krw(10_000) });
        assert_eq!(settle(&order, &points(9_999)), mismatch);
        assert_eq!(settle(&order, &points(10_001)), mismatch);
        assert_eq!(settle(&order, &points(10_000)), settle(&order, &RequestedTenders::AllPoints));
        let usd = RequestedTender {
            method: TenderMethod::Point,
            amount: Money::new(10_000, "USD".parse().unwrap()),
        };
        assert_eq!(settle(&order, &RequestedTenders::these(vec![usd]).unwrap()), mismatch);
    }

    #[test]
    fn a_settled_payment_is_complete_from_the_start() {
        let payment = settle(&order(&[6_000, 4_000]), &RequestedTenders::AllPoints).unwrap();
        assert_eq!(payment.status(), PaymentStatus::Completed);
        assert_eq!((payment.captured(), payment.refunded()), (krw(10_000), krw(0)));
        assert_eq!(payment.tendered_by(TenderMethod::Point), krw(10_000));
        assert_eq!(payment.tendered_by(TenderMethod::Card), krw(0));
        assert_eq!(payment.tenders[0].shares.iter().map(|share| share.amount.amount()).sum::<i64>(), 10_000);
    }

    #[test]
    fn nothing_to_pay_needs_no_tender() {
        let payment = settle(&order(&[0, 0]), &RequestedTenders::AllPoints).unwrap();
        assert_eq!((payment.tenders.len(), payment.status()), (0, PaymentStatus::Completed));
    }
}
