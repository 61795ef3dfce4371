//! What the context needs from a storage.

use std::collections::{BTreeMap, BTreeSet};

use jangteo_shared_kernel::{
    CouponId, IssuedCouponId, Page, PageRequest, Quantity, StorageError, Timestamp, UserId,
};

use crate::{Allotment, Campaign, CouponStatus, CouponTerms, IssuedCoupon};

/// Locked allotments by campaign.
pub type Allotments = BTreeMap<CouponId, Allotment>;

/// Locked coupons by id.
pub type IssuedCoupons = BTreeMap<IssuedCouponId, IssuedCoupon>;

/// A user who claims from a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claimant {
    /// From which campaign.
    pub campaign: CouponId,
    /// Who.
    pub user: UserId,
}

/// Campaigns inside a transaction.
pub trait CampaignRepository: Send {
    /// Adds campaigns with their terms and the products that they list.
    fn insert_campaigns(&mut self, new: &[Campaign])
    -> impl Future<Output = Result<(), StorageError>> + Send;

    /// Locks the campaigns until the transaction ends, in ascending id, and reads what claims are decided on. MUST leave
    /// out unknown ids.
    fn lock_campaigns(
        &mut self,
        ids: &BTreeSet<CouponId>,
    ) -> impl Future<Output = Result<Allotments, StorageError>> + Send;

    /// The terms of campaigns, unlocked: they never change. MUST leave out unknown ids.
    fn find_coupon_terms(
        &mut self,
        ids: &BTreeSet<CouponId>,
    ) -> impl Future<Output = Result<BTreeMap<CouponId, CouponTerms>, StorageError>> + Send;

    /// Saves how many coupons are claimed of campaigns that this transaction has locked, and nothing else of them. MUST
    /// fail with [`StorageError::Fatal`] if that is more than there are.
    fn save_claimed(
        &mut self,
        changed: &[Allotment],
    ) -> impl Future<Output = Result<(), StorageError>> + Send;
}

/// Issued coupons inside a transaction.
pub trait IssuedCouponRepository: Send {
    /// How many coupons each of these users has of a campaign that this transaction has locked, used and expired ones
    /// included. MUST be as of after the lock was granted; may leave out who has none.
    fn count_claims(
        &mut self,
        claimants: &BTreeSet<Claimant>,
    ) -> impl Future<Output = Result<BTreeMap<Claimant, Quantity>, StorageError>> + Send;

    /// Locks the coupons until the transaction ends, in ascending id. MUST leave out unknown ids.
    fn lock_issued_coupons(
        &mut self,
        ids: &BTreeSet<IssuedCouponId>,
    ) -> impl Future<Output = Result<IssuedCoupons, StorageError>> + Send;

    /// Adds coupons. MUST fail with [`StorageError::Transient`] if a campaign has one of that sequence already, or one of
    /// that number for its user.
    fn insert_issued_coupons(
        &mut self,
        new: &[IssuedCoupon],
    ) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// Saves the use and the version of coupons that this transaction has locked, and nothing else of them.
    fn save_issued_coupons(
        &mut self,
        changed: &[IssuedCoupon],
    ) -> impl Future<Output = Result<(), StorageError>> + Send;
}

/// A place in the list of campaigns, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CampaignPosition {
    /// When the campaign was made.
    pub created_at: Timestamp,
    /// Breaks ties, descending.
    pub id: CouponId,
}

/// Which coupons a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssuedCouponFilter {
    /// Only those of this user.
    pub user: UserId,
    /// Only those that have this status at the time of asking.
    pub status: Option<CouponStatus>,
}

/// A place in a list of issued coupons, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct IssuedCouponPosition {
    /// When the coupon was claimed.
    pub claimed_at: Timestamp,
    /// Breaks ties, descending.
    pub id: IssuedCouponId,
}

/// Reads outside a transaction.
pub trait CouponQueries: Sync {
    /// The campaign with its terms.
    fn find_campaign(
        &self,
        id: CouponId,
    ) -> impl Future<Output = Result<Option<Campaign>, StorageError>> + Send;

    /// The campaign's allotment as it is committed: what a [`crate::ClaimGate`] starts from. MUST read the primary.
    fn find_allotment(
        &self,
        id: CouponId,
    ) -> impl Future<Output = Result<Option<Allotment>, StorageError>> + Send;

    /// How many coupons each has of their campaign as it is committed, used and expired ones included. MUST read the primary.
    fn find_claims_of(
        &self,
        claimants: &BTreeSet<Claimant>,
    ) -> impl Future<Output = Result<BTreeMap<Claimant, Quantity>, StorageError>> + Send;

    /// How many one has.
    fn find_claims(&self, claimant: Claimant) -> impl Future<Output = Result<Quantity, StorageError>> + Send {
        async move {
            let claims = self.find_claims_of(&BTreeSet::from([claimant])).await?;
            Ok(claims.get(&claimant).copied().unwrap_or_default())
        }
    }

    /// Campaigns with their terms, newest first.
    fn list_campaigns(
        &self,
        page: &PageRequest<CampaignPosition>,
    ) -> impl Future<Output = Result<Page<Campaign, CampaignPosition>, StorageError>> + Send;

    /// The coupon.
    fn find_issued_coupon(
        &self,
        id: IssuedCouponId,
    ) -> impl Future<Output = Result<Option<IssuedCoupon>, StorageError>> + Send;

    /// Coupons, newest first. MUST tell their status at `now` as [`IssuedCoupon::status`] does.
    fn list_issued_coupons(
        &self,
        filter: &IssuedCouponFilter,
        now: Timestamp,
        page: &PageRequest<IssuedCouponPosition>,
    ) -> impl Future<Output = Result<Page<IssuedCoupon, IssuedCouponPosition>, StorageError>> + Send;
}
