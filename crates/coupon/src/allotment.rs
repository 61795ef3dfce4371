//! How many coupons a campaign hands out, to whom, and when.

use jangteo_shared_kernel::{CouponId, Quantity, Timestamp};

use crate::{ClaimRefusal, Validity};

/// The part of a campaign that claims are decided on. Only `claimed` ever changes.
///
/// The fields are public for storages, which write and read them; rules live in the methods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allotment {
    /// Of which campaign.
    pub campaign: CouponId,
    /// How many coupons there are.
    pub total: Quantity,
    /// How many of them are claimed.
    pub claimed: Quantity,
    /// How many one user may have.
    pub per_user: Quantity,
    /// From when they can be claimed; `None` is from the start.
    pub claim_from: Option<Timestamp>,
    /// From when they can no longer be claimed; `None` is never.
    pub claim_until: Option<Timestamp>,
    /// When they can be used.
    pub validity: Validity,
}

/// Where a campaign is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "SCREAMING_SNAKE_CASE")
)]
pub enum CampaignState {
    /// Its coupons cannot be claimed yet.
    Scheduled,
    /// They can be claimed.
    Open,
    /// All of them are claimed.
    SoldOut,
    /// They can no longer be claimed, whether or not some are left.
    Closed,
}

impl Allotment {
    /// Where the campaign is in its life at `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> CampaignState {
        match self.check_open(now) {
            Err(ClaimRefusal::NotOpen) => CampaignState::Scheduled,
            Err(ClaimRefusal::Closed) => CampaignState::Closed,
            _ if self.is_sold_out() => CampaignState::SoldOut,
            _ => CampaignState::Open,
        }
    }

    /// How many coupons are left.
    #[must_use]
    pub fn remaining(&self) -> Quantity {
        self.total.minus(self.claimed).unwrap_or(Quantity::ZERO)
    }

    /// Whether all coupons are claimed. Once they are, they stay so.
    #[must_use]
    pub fn is_sold_out(&self) -> bool {
        self.claimed >= self.total
    }

    /// Whether coupons can be claimed at `now`, as far as time goes. Needs no lock: a claim window never changes.
    pub fn check_open(&self, now: Timestamp) -> Result<(), ClaimRefusal> {
        if self.claim_from.is_some_and(|from| now < from) {
            return Err(ClaimRefusal::NotOpen);
        }
        if self.claim_until.is_some_and(|until| until <= now) {
            return Err(ClaimRefusal::Closed);
        }
        Ok(())
    }
}
