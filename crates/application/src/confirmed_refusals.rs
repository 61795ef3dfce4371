//! What the database has confirmed to claims, and never takes back.

use std::sync::{PoisonError, RwLock};

use jangteo_coupon::{ClaimOutcome, ClaimRefusal, Claimant};
use jangteo_shared_kernel::CouponId;

use crate::two_generations::TwoGenerations;

/// How many sold-out campaigns are remembered at least.
const CAMPAIGNS: usize = 10_000;

/// How many users at their limit are remembered at least.
const CLAIMANTS: usize = 100_000;

/// The confirmed refusals that a process remembers: that a campaign is sold out, that a user is at the limit.
///
/// It may forget, and so has bounds: a few megabytes. It never has to be told that something is no longer so, for neither
/// is ever undone (ADR-019).
#[derive(Debug)]
pub struct ConfirmedRefusals {
    sold_out: RwLock<TwoGenerations<CouponId, ()>>,
    at_limit: RwLock<TwoGenerations<Claimant, ()>>,
}

impl ConfirmedRefusals {
    /// Remembers nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            sold_out: RwLock::new(TwoGenerations::new(CAMPAIGNS)),
            at_limit: RwLock::new(TwoGenerations::new(CLAIMANTS)),
        }
    }

    /// The refusal that is confirmed for a claimant, if one is.
    #[must_use]
    pub fn find(&self, claimant: Claimant) -> Option<ClaimRefusal> {
        let at_limit = self.at_limit.read().unwrap_or_else(PoisonError::into_inner);
        if at_limit.get(&claimant).is_some() {
            return Some(ClaimRefusal::AlreadyClaimed);
        }
        let sold_out = self.sold_out.read().unwrap_or_else(PoisonError::into_inner);
        sold_out.get(&claimant.campaign).map(|()| ClaimRefusal::SoldOut)
    }

    /// Remembers what an outcome confirms for a claimant, if it confirms something.
    pub fn note(&self, claimant: Claimant, outcome: ClaimOutcome) {
        if outcome.confirms_the_limit() {
            let mut at_limit = self.at_limit.write().unwrap_or_else(PoisonError::into_inner);
            at_limit.insert(claimant, ());
        }
        if outcome.confirms_the_end() {
            let mut sold_out = self.sold_out.write().unwrap_or_else(PoisonError::into_inner);
            sold_out.insert(claimant.campaign, ());
        }
    }
}

impl Default for ConfirmedRefusals {
    fn default() -> Self {
        Self::new()
    }
}
