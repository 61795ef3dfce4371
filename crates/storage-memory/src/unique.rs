//! Unique keys besides the primary ones.

use std::collections::BTreeSet;

use jangteo_shared_kernel::{
    CouponId, EventId, OrderId, OrderLineId, PointHistoryId, PointLotId, StorageError, UserId,
};
use jangteo_user::Email;

use crate::fault::lost_race;

/// A value that may be there only once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unique {
    /// The address of a living account.
    LivingEmail(String),
    OrderLine(OrderLineId),
    /// The order that a payment has settled.
    SettledOrder(OrderId),
    PointEntry(PointHistoryId),
    PointLot(PointLotId),
    /// A place in a campaign.
    CouponSequence(CouponId, u32),
    /// A place among a user's coupons of a campaign.
    CouponOfUser(UserId, CouponId, u32),
    Event(EventId),
}

impl Unique {
    pub(crate) fn living_email(email: &Email) -> Self {
        Self::LivingEmail(email.as_str().to_owned())
    }

    /// What it is, without personal data.
    const fn name(&self) -> &'static str {
        match self {
            Self::LivingEmail(_) => "an e-mail address",
            Self::OrderLine(_) => "the id of an order line",
            Self::SettledOrder(_) => "the settlement of an order",
            Self::PointEntry(_) => "the id of a point history entry",
            Self::PointLot(_) => "the id of a point lot",
            Self::CouponSequence(..) => "the sequence of a coupon",
            Self::CouponOfUser(..) => "the number of a user's coupon",
            Self::Event(_) => "the id of an event",
        }
    }
}

/// What a transaction takes and gives back of the unique keys.
#[derive(Default)]
pub(crate) struct Claims {
    taken: BTreeSet<Unique>,
    released: BTreeSet<Unique>,
}

impl Claims {
    /// Takes keys, all of them or none.
    pub(crate) fn take(
        &mut self,
        committed: &BTreeSet<Unique>,
        keys: Vec<Unique>,
    ) -> Result<(), StorageError> {
        let mut fresh = BTreeSet::new();
        for key in keys {
            let elsewhere = committed.contains(&key) && !self.released.contains(&key);
            let name = key.name();
            if elsewhere || self.taken.contains(&key) || !fresh.insert(key) {
                return Err(lost_race(name));
            }
        }
        self.taken.append(&mut fresh);
        Ok(())
    }

    /// Gives a key back that a row of this transaction's held.
    pub(crate) fn release(&mut self, key: Unique) {
        if !self.taken.remove(&key) {
            self.released.insert(key);
        }
    }

    /// Whether all that was taken is still free.
    pub(crate) fn check(&self, committed: &BTreeSet<Unique>) -> Result<(), StorageError> {
        match self.taken.iter().find(|key| committed.contains(key) && !self.released.contains(key)) {
            Some(key) => Err(lost_race(key.name())),
            None => Ok(()),
        }
    }

    pub(crate) fn apply(&mut self, committed: &mut BTreeSet<Unique>) {
        for key in &self.released {
            committed.remove(key);
        }
        committed.append(&mut self.taken);
    }
}
