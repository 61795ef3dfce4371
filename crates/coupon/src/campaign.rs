//! The campaign aggregate.

use jangteo_shared_kernel::{CouponId, Quantity, Timestamp};

use crate::{Allotment, CampaignName, CouponTerms, NewCampaign};

/// A campaign: what its coupons are worth, and how they are handed out.
///
/// The fields are public for storages, which write and read them; rules live in the methods of its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// Names it to every other context.
    pub id: CouponId,
    /// What it is called.
    pub name: CampaignName,
    /// What a coupon takes off, and from which orders. Never changes.
    pub terms: CouponTerms,
    /// How the coupons are handed out.
    pub allotment: Allotment,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Campaign {
    /// A new campaign, with every coupon still to be claimed.
    #[must_use]
    pub fn create(id: CouponId, new: NewCampaign, now: Timestamp) -> Self {
        let NewCampaign { draft, validity } = new;
        Self {
            id,
            name: draft.name,
            terms: draft.terms,
            allotment: Allotment {
                campaign: id,
                total: draft.total,
                claimed: Quantity::ZERO,
                per_user: draft.per_user,
                claim_from: draft.claim_from,
                claim_until: draft.claim_until,
                validity,
            },
            created_at: now,
        }
    }
}
