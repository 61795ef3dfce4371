//! The life cycle of an order.

use jangteo_shared_kernel::Timestamp;

use crate::Order;

/// Where an order is in its life, with what that state knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderState {
    /// Placed, and waiting for its payment until the order's `expires_at`.
    PendingPayment,
    /// Settled by a payment.
    Paid {
        /// When.
        paid_at: Timestamp,
    },
    /// Given up by its user before it was paid.
    Cancelled {
        /// When.
        cancelled_at: Timestamp,
    },
    /// Not paid in time.
    Expired {
        /// When that was noticed.
        expired_at: Timestamp,
    },
    /// Some units were refunded.
    PartiallyRefunded {
        /// When it was paid.
        paid_at: Timestamp,
    },
    /// All units were refunded.
    Refunded {
        /// When it was paid.
        paid_at: Timestamp,
    },
}

/// The name of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "SCREAMING_SNAKE_CASE")
)]
pub enum OrderStatus {
    /// See [`OrderState::PendingPayment`].
    PendingPayment,
    /// See [`OrderState::Paid`].
    Paid,
    /// See [`OrderState::Cancelled`].
    Cancelled,
    /// See [`OrderState::Expired`].
    Expired,
    /// See [`OrderState::PartiallyRefunded`].
    PartiallyRefunded,
    /// See [`OrderState::Refunded`].
    Refunded,
}

/// Why an order cannot be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayRefusal {
    /// A payment has settled it, whatever was refunded since.
    #[error("the order is already paid")]
    AlreadyPaid,
    /// It was cancelled, has expired, or is past its `expires_at` even if no job has noticed yet.
    #[error("the order can no longer be paid")]
    NotPayable,
}

/// The order is past cancelling: paid, refunded or expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the order cannot be cancelled")]
pub struct CancelRefusal;

/// The order waits for no payment any more, or its time has not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the order is not due to expire")]
pub struct ExpireRefusal;

/// What a cancellation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// The order is cancelled; its units and its coupon MUST be given back in the same transaction.
    Now,
    /// It had been cancelled before; nothing changes.
    Before,
}

impl OrderState {
    /// The name of this state.
    #[must_use]
    pub const fn status(self) -> OrderStatus {
        match self {
            Self::PendingPayment => OrderStatus::PendingPayment,
            Self::Paid { .. } => OrderStatus::Paid,
            Self::Cancelled { .. } => OrderStatus::Cancelled,
            Self::Expired { .. } => OrderStatus::Expired,
            Self::PartiallyRefunded { .. } => OrderStatus::PartiallyRefunded,
            Self::Refunded { .. } => OrderStatus::Refunded,
        }
    }

    /// When the order was paid, if it was.
    #[must_use]
    pub const fn paid_at(self) -> Option<Timestamp> {
        match self {
            Self::Paid { paid_at } | Self::PartiallyRefunded { paid_at } | Self::Refunded { paid_at } => {
                Some(paid_at)
            }
            Self::PendingPayment | Self::Cancelled { .. } | Self::Expired { .. } => None,
        }
    }

    /// When the order was cancelled, if it was.
    #[must_use]
    pub const fn cancelled_at(self) -> Option<Timestamp> {
        match self {
            Self::Cancelled { cancelled_at } => Some(cancelled_at),
            _ => None,
        }
    }
}

impl Order {
    /// Whether a payment of this order may begin at `now`.
    pub fn check_payable(&self, now: Timestamp) -> Result<(), PayRefusal> {
        match self.state {
            OrderState::PendingPayment if now < self.expires_at => Ok(()),
            OrderState::PendingPayment | OrderState::Cancelled { .. } | OrderState::Expired { .. } => {
                Err(PayRefusal::NotPayable)
            }
            OrderState::Paid { .. } | OrderState::PartiallyRefunded { .. } | OrderState::Refunded { .. } => {
                Err(PayRefusal::AlreadyPaid)
            }
        }
    }

    /// Takes note of the payment that settles it.
    pub fn pay(&mut self, now: Timestamp) -> Result<(), PayRefusal> {
        self.check_payable(now)?;
        self.enter(OrderState::Paid { paid_at: now });
        Ok(())
    }

    /// Gives the order up. An order past its `expires_at` that nobody has expired yet can still be cancelled.
    pub fn cancel(&mut self, now: Timestamp) -> Result<Cancelled, CancelRefusal> {
        match self.state {
            OrderState::PendingPayment => {
                self.enter(OrderState::Cancelled { cancelled_at: now });
                Ok(Cancelled::Now)
            }
            OrderState::Cancelled { .. } => Ok(Cancelled::Before),
            OrderState::Paid { .. }
            | OrderState::Expired { .. }
            | OrderState::PartiallyRefunded { .. }
            | OrderState::Refunded { .. } => Err(CancelRefusal),
        }
    }

    /// Notices that it was not paid in time. Its units and its coupon MUST be given back in the same transaction.
    /// Whoever comes second, a payment or another job, is refused: the row's lock decides who that is.
    pub fn expire(&mut self, now: Timestamp) -> Result<(), ExpireRefusal> {
        match self.state {
            OrderState::PendingPayment if self.expires_at <= now => {
                self.enter(OrderState::Expired { expired_at: now });
                Ok(())
            }
            OrderState::PendingPayment
            | OrderState::Paid { .. }
            | OrderState::Cancelled { .. }
            | OrderState::Expired { .. }
            | OrderState::PartiallyRefunded { .. }
            | OrderState::Refunded { .. } => Err(ExpireRefusal),
        }
    }

    pub(crate) const fn enter(&mut self, state: OrderState) {
        self.state = state;
        self.version += 1;
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;
    use crate::place::tests::order_of;

    /// Hard case 5: pay at the instant of expiry.
    #[test]
    fn hard_case_5_the_instant_of_expiry_is_too_late() {
        let mut order = order_of(&[(1_000, 1)]);
        assert_eq!(order.pay(order.expires_at), Err(PayRefusal::NotPayable));
        assert_eq!(order.status(), OrderStatus::PendingPayment);
        assert_eq!(order.pay(order.expires_at - TimeDelta::milliseconds(1)), Ok(()));
        assert_eq!(order.status(), OrderStatus::Paid);
    }

    #[test]
    fn is_paid_once() {
        let mut order = order_of(&[(1_000, 1)]);
        let now = order.created_at;
        assert_eq!(order.pay(now), Ok(()));
        assert_eq!(order.pay(now), Err(PayRefusal::AlreadyPaid));
        assert_eq!(order.cancel(now), Err(CancelRefusal));
        assert_eq!(order.state.paid_at(), Some(now));
    }

    #[test]
    fn cancelling_again_changes_nothing() {
        let mut order = order_of(&[(1_000, 1)]);
        let now = order.created_at;
        assert_eq!(order.cancel(now), Ok(Cancelled::Now));
        let before = order.clone();
        assert_eq!(order.cancel(now + TimeDelta::days(1)), Ok(Cancelled::Before));
        assert_eq!(order, before);
        assert_eq!(order.pay(now), Err(PayRefusal::NotPayable));
    }

    /// Hard case 5, from the other side: at each instant an unpaid order can either be paid or expire.
    #[test]
    fn hard_case_5_expires_from_the_instant_on_that_it_cannot_be_paid() {
        let mut order = order_of(&[(1_000, 1)]);
        let due = order.expires_at;
        assert_eq!(order.expire(due - TimeDelta::milliseconds(1)), Err(ExpireRefusal));
        assert_eq!(order.expire(due), Ok(()));
        assert_eq!(order.state, OrderState::Expired { expired_at: due });
        assert_eq!(order.expire(due), Err(ExpireRefusal));
        assert_eq!(order.pay(due - TimeDelta::milliseconds(1)), Err(PayRefusal::NotPayable));
        assert_eq!(order.cancel(due), Err(CancelRefusal));
    }

    #[test]
    fn a_paid_or_cancelled_order_never_expires() {
        for leave in [
            |order: &mut Order| order.pay(order.created_at).is_ok(),
            |order: &mut Order| order.cancel(order.created_at).is_ok(),
        ] {
            let mut order = order_of(&[(1_000, 1)]);
            assert!(leave(&mut order));
            let before = order.clone();
            assert_eq!(order.expire(order.expires_at), Err(ExpireRefusal));
            assert_eq!(order, before);
        }
    }

    #[derive(Debug, Clone, Copy)]
    enum Event {
        Pay,
        Cancel,
        Expire,
        Wait,
    }

    proptest! {
        #[test]
        fn a_final_state_is_final(events in prop::collection::vec(prop::sample::select(vec![Event::Pay, Event::Cancel, Event::Expire, Event::Wait]), 0..12)) {
            let mut order = order_of(&[(1_000, 2), (500, 1)]);
            let (total, mut now) = (order.total(), order.created_at);
            let mut settled = None;
            for event in events {
                match event {
                    Event::Pay => { let _ = order.pay(now); }
                    Event::Cancel => { let _ = order.cancel(now); }
                    Event::Expire => { let _ = order.expire(now); }
                    Event::Wait => now += TimeDelta::minutes(20),
                }
                if let Some(state) = settled {
                    prop_assert_eq!(order.state, state);
                } else if order.status() != OrderStatus::PendingPayment {
                    settled = Some(order.state);
                }
                prop_assert_eq!(order.total(), total);
            }
        }
    }
}
