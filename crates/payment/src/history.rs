//! What happened to a payment, and what that makes it.

use jangteo_shared_kernel::{Money, Timestamp};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "SCREAMING_SNAKE_CASE")
)]
pub enum PaymentEventKind {
    /// Somebody asked to pay; the amount is what is to be captured.
    Requested,
    /// All tenders were taken; the amount is what was captured.
    Approved,
    /// A tender was declined; nothing was captured.
    Failed,
    /// A gateway did not answer; nobody knows yet.
    Unknown,
    /// Some of the order's units were given back; the amount says how much that was.
    PartiallyRefunded,
    /// The last of the order's units were given back; the amount says how much that was.
    Refunded,
    /// The payment was cancelled; the amount is what that gave back.
    Cancelled,
}

/// One entry of a payment's history. Entries are never changed and never removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentEvent {
    /// Its place in the history, from 1.
    pub sequence: u32,
    /// What happened.
    pub kind: PaymentEventKind,
    /// How much it was about.
    pub amount: Money,
    /// When.
    pub created_at: Timestamp,
}

/// What a payment's history makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "SCREAMING_SNAKE_CASE")
)]
pub enum PaymentStatus {
    /// Requested, with no outcome yet.
    Pending,
    /// Captured in full.
    Completed,
    /// Declined.
    Failed,
    /// The outcome has to be asked for again.
    Unknown,
    /// Given back in full by one cancellation.
    Cancelled,
    /// Given back in part.
    PartiallyRefunded,
    /// Given back in full.
    Refunded,
}

/// What the history adds up to. A refund of zero won counts by its event, not by its amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fold {
    pub(crate) status: PaymentStatus,
    pub(crate) captured: i64,
    pub(crate) refunded: i64,
}

pub(crate) fn fold(events: &[PaymentEvent]) -> Fold {
    let start = Fold { status: PaymentStatus::Pending, captured: 0, refunded: 0 };
    events.iter().fold(start, |so_far, event| {
        let amount = event.amount.amount();
        match event.kind {
            PaymentEventKind::Requested => so_far,
            PaymentEventKind::Approved => Fold {
                status: PaymentStatus::Completed,
                captured: so_far.captured.saturating_add(amount),
                ..so_far
            },
            PaymentEventKind::Failed => Fold { status: PaymentStatus::Failed, ..so_far },
            PaymentEventKind::Unknown => Fold { status: PaymentStatus::Unknown, ..so_far },
            PaymentEventKind::PartiallyRefunded | PaymentEventKind::Refunded => Fold {
                status: if event.kind == PaymentEventKind::Refunded {
                    PaymentStatus::Refunded
                } else {
                    PaymentStatus::PartiallyRefunded
                },
                refunded: so_far.refunded.saturating_add(amount),
                ..so_far
            },
            PaymentEventKind::Cancelled => {
                // What a cancellation gives back after a refund makes the payment refunded, not cancelled.
                let first = matches!(so_far.status, PaymentStatus::Completed);
                let status = if first { PaymentStatus::Cancelled } else { PaymentStatus::Refunded };
                Fold { status, refunded: so_far.refunded.saturating_add(amount), ..so_far }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use jangteo_shared_kernel::Currency;

    use super::PaymentEventKind::{
        Approved, Cancelled, Failed, PartiallyRefunded, Refunded, Requested, Unknown,
    };
    use super::*;

    fn status(history: &[(PaymentEventKind, i64)]) -> PaymentStatus {
        let events: Vec<_> = (1..)
            .zip(history)
            .map(|(sequence, &(kind, amount))| PaymentEvent {
                sequence,
                kind,
                amount: Money::new(amount, Currency::KRW),
                created_at: Timestamp::UNIX_EPOCH,
            })
            .collect();
        fold(&events).status
    }

    #[test]
    fn a_status_is_what_the_history_says() {
        assert_eq!(status(&[(Requested, 10)]), PaymentStatus::Pending);
        assert_eq!(status(&[(Requested, 10), (Approved, 10)]), PaymentStatus::Completed);
        assert_eq!(status(&[(Requested, 10), (Failed, 10)]), PaymentStatus::Failed);
        assert_eq!(status(&[(Requested, 10), (Unknown, 10)]), PaymentStatus::Unknown);
        assert_eq!(status(&[(Requested, 10), (Unknown, 10), (Approved, 10)]), PaymentStatus::Completed);
        let paid = [(Requested, 10), (Approved, 10)];
        let after = |more: &[(PaymentEventKind, i64)]| status(&[&paid[..], more].concat());
        assert_eq!(after(&[(PartiallyRefunded, 4)]), PaymentStatus::PartiallyRefunded);
        assert_eq!(after(&[(PartiallyRefunded, 10)]), PaymentStatus::PartiallyRefunded);
        assert_eq!(after(&[(PartiallyRefunded, 4), (Refunded, 6)]), PaymentStatus::Refunded);
        assert_eq!(after(&[(Refunded, 10)]), PaymentStatus::Refunded);
        assert_eq!(after(&[(Cancelled, 10)]), PaymentStatus::Cancelled);
        assert_eq!(after(&[(PartiallyRefunded, 4), (Cancelled, 6)]), PaymentStatus::Refunded);
    }
}
