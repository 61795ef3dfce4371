//! Lots of points.

use std::cmp::Ordering;

use jangteo_shared_kernel::{Money, PointLotId, Timestamp};

/// Where the points of a lot came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "SCREAMING_SNAKE_CASE")
)]
pub enum PointLotKind {
    /// Granted by an operator. Spent before charged points that expire at the same time.
    Bonus,
    /// Paid for by the customer.
    Charged,
}

/// Points that came in together and expire together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PointLot {
    /// Names it.
    pub id: PointLotId,
    /// Where it came from.
    pub kind: PointLotKind,
    /// What it started with.
    pub amount: Money,
    /// What is left of it.
    pub remaining: Money,
    /// From then on it cannot be spent; `None` is never.
    pub expires_at: Option<Timestamp>,
    /// When it came in.
    pub created_at: Timestamp,
}

impl PointLot {
    /// Whether it can be spent at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|expires_at| now < expires_at)
    }

    /// The order in which lots are spent.
    pub(crate) fn before(&self, other: &Self) -> Ordering {
        let never_last = |lot: &Self| (lot.expires_at.is_none(), lot.expires_at);
        let bonus_first = |lot: &Self| matches!(lot.kind, PointLotKind::Charged);
        never_last(self)
            .cmp(&never_last(other))
            .then_with(|| bonus_first(self).cmp(&bonus_first(other)))
            .then_with(|| (self.created_at, self.id).cmp(&(other.created_at, other.id)))
    }
}
