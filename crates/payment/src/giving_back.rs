//! A payment that is given back, in part or in full.

use jangteo_shared_kernel::{Money, Timestamp};

use crate::{Payment, PaymentEvent, PaymentEventKind, PaymentStatus, TenderMethod};

/// How something of a payment is given back. Whether anything is left follows the order's units, never money, so whoever
/// asks says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivingBack {
    /// By a refund that leaves units.
    Part,
    /// By a refund that leaves none.
    Rest,
    /// By cancelling the payment, which leaves none.
    Cancellation,
}

/// Why nothing of a payment can be given back. Nothing has changed then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GiveBackRefusal {
    /// It never completed, so there is nothing to give back.
    #[error("the payment never completed")]
    NeverCompleted,
    /// More than is left, by some tender, or nothing is left at all.
    #[error("more would be given back than was paid")]
    ExceedsPaid,
}

impl Payment {
    /// Whether something of it can still be given back.
    pub fn check_returnable(&self) -> Result<(), GiveBackRefusal> {
        match self.status() {
            PaymentStatus::Completed | PaymentStatus::PartiallyRefunded => Ok(()),
            PaymentStatus::Pending | PaymentStatus::Failed | PaymentStatus::Unknown => {
                Err(GiveBackRefusal::NeverCompleted)
            }
            PaymentStatus::Cancelled | PaymentStatus::Refunded => Err(GiveBackRefusal::ExceedsPaid),
        }
    }

    /// Takes note of what is given back of each tender, all of it or nothing, and gives the entry of its history. Giving
    /// back 0 is an entry like any other. What goes back (points) MUST go back in the same transaction.
    pub fn give_back(
        &mut self,
        shares: &[(TenderMethod, Money)],
        how: GivingBack,
        now: Timestamp,
    ) -> Result<PaymentEvent, GiveBackRefusal> {
        self.check_returnable()?;
        let exceeds = |_| GiveBackRefusal::ExceedsPaid;
        let mut tenders = self.tenders.clone();
        for &(method, amount) in shares {
            let tender = tenders.iter_mut().find(|tender| tender.method == method);
            let tender = tender.ok_or(GiveBackRefusal::ExceedsPaid)?;
            let refunded = tender.refunded.plus(amount).map_err(exceeds)?;
            if amount.is_negative() || refunded.amount() > tender.amount.amount() {
                return Err(GiveBackRefusal::ExceedsPaid);
            }
            tender.refunded = refunded;
        }
        let all = tenders.iter().all(|tender| tender.refunded == tender.amount);
        let kind = match how {
            GivingBack::Part => PaymentEventKind::PartiallyRefunded,
            // What is left when no unit is would be kept for ever.
            GivingBack::Rest | GivingBack::Cancellation if !all => return Err(GiveBackRefusal::ExceedsPaid),
            GivingBack::Rest => PaymentEventKind::Refunded,
            GivingBack::Cancellation => PaymentEventKind::Cancelled,
        };
        let amounts = shares.iter().map(|&(_, amount)| amount);
        let event = PaymentEvent {
            sequence: u32::try_from(self.events.len()).unwrap_or(u32::MAX).saturating_add(1),
            kind,
            amount: Money::sum(self.amount.currency(), amounts).map_err(exceeds)?,
            created_at: now,
        };
        self.tenders = tenders;
        self.events.push(event);
        Ok(event)
    }
}

#[cfg(test)]
mod tests {
    use jangteo_shared_kernel::Currency;
    use proptest::prelude::*;

    use super::GivingBack::{Cancellation, Part, Rest};
    use super::TenderMethod::{Card, Point};
    use super::*;
    use crate::payment::tests::{krw, paid_with};

    #[test]
    fn is_given_back_in_part_until_nothing_is_left() {
        let mut payment = paid_with(&[(Point, 600), (Card, 400)]);
        let now = payment.created_at;
        let part = payment.give_back(&[(Point, krw(200)), (Card, krw(1))], Part, now).unwrap();
        assert_eq!((part.sequence, part.amount), (3, krw(201)));
        assert_eq!((payment.status(), payment.refunded()), (PaymentStatus::PartiallyRefunded, krw(201)));
        payment.give_back(&[(Point, krw(400)), (Card, krw(399))], Rest, now).unwrap();
        assert_eq!((payment.status(), payment.refunded()), (PaymentStatus::Refunded, krw(1_000)));
        assert_eq!(payment.give_back(&[], Rest, now), Err(GiveBackRefusal::ExceedsPaid));
    }

    #[test]
    fn a_cancellation_after_a_refund_makes_it_refunded() {
        let mut whole = paid_with(&[(Point, 600)]);
        let now = whole.created_at;
        let mut half = whole.clone();
        whole.give_back(&[(Point, krw(600))], Cancellation, now).unwrap();
        assert_eq!(whole.status(), PaymentStatus::Cancelled);
        half.give_back(&[(Point, krw(300))], Part, now).unwrap();
        half.give_back(&[(Point, krw(300))], Cancellation, now).unwrap();
        assert_eq!(half.status(), PaymentStatus::Refunded);
        assert_eq!(half.check_returnable(), Err(GiveBackRefusal::ExceedsPaid));
    }

    #[test]
    fn follows_units_and_never_money() {
        let mut free = paid_with(&[]);
        let now = free.created_at;
        free.give_back(&[], Part, now).unwrap();
        assert_eq!(free.status(), PaymentStatus::PartiallyRefunded);
        free.give_back(&[], Rest, now).unwrap();
        assert_eq!(free.status(), PaymentStatus::Refunded);
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let mut payment = paid_with(&[(Point, 600)]);
        let (now, before) = (payment.created_at, payment.clone());
        let usd = Money::new(1, "USD".parse().unwrap());
        for bad in [
            &[(Point, krw(601))][..],
            &[(Point, krw(-1))],
            &[(Card, krw(1))],
            &[(Point, usd)],
            &[(Point, krw(400)), (Point, krw(400))],
            &[(Point, krw(i64::MAX)), (Point, krw(i64::MAX))],
        ] {
            assert_eq!(payment.give_back(bad, Part, now), Err(GiveBackRefusal::ExceedsPaid), "{bad:?}");
        }
        assert_eq!(payment.give_back(&[(Point, krw(599))], Rest, now), Err(GiveBackRefusal::ExceedsPaid));
        assert_eq!(payment.give_back(&[], Cancellation, now), Err(GiveBackRefusal::ExceedsPaid));
        assert_eq!(payment, before);
    }

    #[test]
    fn what_never_completed_is_not_given_back() {
        let mut payment = paid_with(&[(Point, 600)]);
        for kind in [PaymentEventKind::Requested, PaymentEventKind::Failed, PaymentEventKind::Unknown] {
            payment.events[1].kind = kind;
            let refused = payment.give_back(&[(Point, krw(1))], Part, payment.created_at);
            assert_eq!(refused, Err(GiveBackRefusal::NeverCompleted));
        }
    }

    proptest! {
        #[test]
        fn never_gives_back_more_than_it_took(
            took in (1_i64..1_000, 1_i64..1_000),
            steps in prop::collection::vec((any::<bool>(), 0_i64..700), 0..20),
        ) {
            let mut payment = paid_with(&[(Point, took.0), (Card, took.1)]);
            let mut back = (0, 0);
            for (points, amount) in steps {
                let (method, so_far, all) =
                    if points { (Point, &mut back.0, took.0) } else { (Card, &mut back.1, took.1) };
                let fits = *so_far + amount <= all;
                prop_assert_eq!(payment.give_back(&[(method, krw(amount))], Part, payment.created_at).is_ok(), fits);
                *so_far += if fits { amount } else { 0 };
                prop_assert_eq!(payment.refunded(), krw(back.0 + back.1));
                let of_tenders = payment.tenders.iter().map(|tender| tender.refunded);
                prop_assert_eq!(Money::sum(Currency::KRW, of_tenders), Ok(payment.refunded()));
                prop_assert!(payment.events.iter().map(|event| event.sequence).eq(1..=u32::try_from(payment.events.len()).unwrap()));
            }
            let rest = [(Point, krw(took.0 - back.0)), (Card, krw(took.1 - back.1))];
            prop_assert!(payment.give_back(&rest, Rest, payment.created_at).is_ok());
            prop_assert_eq!(payment.refunded(), payment.captured());
        }
    }
}
