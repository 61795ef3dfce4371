//! Campaigns and the coupons that they have issued.

use std::collections::{BTreeMap, BTreeSet};

use jangteo_coupon::{
    Allotment, Allotments, Campaign, CampaignPosition, CampaignRepository, Claimant, CouponDiscount,
    CouponQueries, CouponTerms, IssuedCoupon, IssuedCouponFilter, IssuedCouponPosition,
    IssuedCouponRepository, IssuedCoupons,
};
use jangteo_shared_kernel::{
    CouponId, Currency, IssuedCouponId, Money, Page, PageRequest, Quantity, StorageError, Timestamp,
};

use crate::fault::{broken, check};
use crate::list::page;
use crate::unique::Unique;
use crate::{MemoryStorage, MemoryTransaction};

impl CampaignRepository for MemoryTransaction {
    async fn insert_campaigns(&mut self, new: &[Campaign]) -> Result<(), StorageError> {
        new.iter().try_for_each(check_campaign)?;
        let state = self.shared.state();
        self.campaigns.insert(&state.campaigns, new.iter().map(|campaign| (campaign.id, campaign.clone())))
    }

    async fn lock_campaigns(&mut self, ids: &BTreeSet<CouponId>) -> Result<Allotments, StorageError> {
        let rows = self.campaigns.lock(&self.shared, |state| &state.campaigns, ids).await?;
        Ok(rows.into_iter().map(|(id, campaign)| (id, campaign.allotment)).collect())
    }

    async fn find_coupon_terms(
        &mut self,
        ids: &BTreeSet<CouponId>,
    ) -> Result<BTreeMap<CouponId, CouponTerms>, StorageError> {
        let state = self.shared.state();
        let find =
            |id: &CouponId| self.campaigns.get(&state.campaigns, id).map(|campaign| campaign.terms.clone());
        Ok(ids.iter().filter_map(|id| Some((*id, find(id)?))).collect())
    }

    async fn save_claimed(&mut self, changed: &[Allotment]) -> Result<(), StorageError> {
        let state = self.shared.state();
        self.campaigns.check_held(changed.iter().map(|allotment| &allotment.campaign))?;
        let covered = |allotment: &Allotment| {
            let row = self.campaigns.get(&state.campaigns, &allotment.campaign);
            row.is_none_or(|row| allotment.claimed <= row.allotment.total)
        };
        check(changed.iter().all(covered), "more coupons are claimed than there are")?;
        for allotment in changed {
            self.campaigns.change(&state.campaigns, &allotment.campaign, |row| {
                row.allotment.claimed = allotment.claimed;
            });
        }
        Ok(())
    }
}

impl IssuedCouponRepository for MemoryTransaction {
    /// Counting without the campaign's lock is refused: the count would be old as soon as it is read.
    async fn count_claims(
        &mut self,
        claimants: &BTreeSet<Claimant>,
    ) -> Result<BTreeMap<Claimant, Quantity>, StorageError> {
        let state = self.shared.state();
        let known = claimants.iter().map(|claimant| &claimant.campaign);
        let known = known.filter(|id| self.campaigns.get(&state.campaigns, id).is_some());
        self.campaigns.check_held(known)?;
        counted(claimants, self.issued_coupons.rows(&state.issued_coupons).map(|(_, coupon)| coupon))
    }

    async fn lock_issued_coupons(
        &mut self,
        ids: &BTreeSet<IssuedCouponId>,
    ) -> Result<IssuedCoupons, StorageError> {
        self.issued_coupons.lock(&self.shared, |state| &state.issued_coupons, ids).await
    }

    async fn insert_issued_coupons(&mut self, new: &[IssuedCoupon]) -> Result<(), StorageError> {
        let counted = |coupon: &IssuedCoupon| coupon.sequence >= 1 && coupon.nth >= 1;
        check(new.iter().all(counted), "a coupon is counted from zero")?;
        let state = self.shared.state();
        let places = new.iter().flat_map(|coupon| {
            [
                Unique::CouponSequence(coupon.campaign, coupon.sequence),
                Unique::CouponOfUser(coupon.user, coupon.campaign, coupon.nth),
            ]
        });
        self.claims.take(&state.unique, places.collect())?;
        self.issued_coupons
            .insert(&state.issued_coupons, new.iter().map(|coupon| (coupon.id, coupon.clone())))
    }

    async fn save_issued_coupons(&mut self, changed: &[IssuedCoupon]) -> Result<(), StorageError> {
        let state = self.shared.state();
        self.issued_coupons.check_held(changed.iter().map(|coupon| &coupon.id))?;
        for coupon in changed {
            self.issued_coupons.change(&state.issued_coupons, &coupon.id, |row| {
                row.used = coupon.used;
                row.version = coupon.version;
            });
        }
        Ok(())
    }
}

/// What the tables of a database check.
fn check_campaign(campaign: &Campaign) -> Result<(), StorageError> {
    let terms = &campaign.terms;
    let (discount_holds, amount) = match terms.discount {
        CouponDiscount::Fixed(amount) => (amount.amount() > 0, Some(amount)),
        CouponDiscount::Percent { rate, maximum } => {
            (rate.get() > 0 && maximum.is_none_or(|maximum| maximum.amount() > 0), maximum)
        }
    };
    check(discount_holds, "a discount takes nothing off")?;
    check(!terms.minimum_order.is_some_and(Money::is_negative), "the minimum of an order is below zero")?;
    let currency: [Option<Currency>; 2] =
        [amount, terms.minimum_order].map(|money| money.map(Money::currency));
    check(
        !matches!(currency, [Some(one), Some(other)] if one != other),
        "the amounts of a campaign are of two currencies",
    )?;
    let Allotment { campaign: of, total, claimed, per_user, .. } = &campaign.allotment;
    check(*of == campaign.id, "an allotment is of another campaign")?;
    check(claimed <= total, "more coupons are claimed than there are")?;
    check(*total > Quantity::ZERO && *per_user > Quantity::ZERO, "a campaign has nothing to hand out")
}

impl CouponQueries for MemoryStorage {
    async fn find_campaign(&self, id: CouponId) -> Result<Option<Campaign>, StorageError> {
        Ok(self.shared.state().campaigns.get(&id).cloned())
    }

    async fn find_allotment(&self, id: CouponId) -> Result<Option<Allotment>, StorageError> {
        Ok(self.shared.state().campaigns.get(&id).map(|campaign| campaign.allotment.clone()))
    }

    async fn find_claims_of(
        &self,
        claimants: &BTreeSet<Claimant>,
    ) -> Result<BTreeMap<Claimant, Quantity>, StorageError> {
        counted(claimants, self.shared.state().issued_coupons.values())
    }

    async fn list_campaigns(
        &self,
        request: &PageRequest<CampaignPosition>,
    ) -> Result<Page<Campaign, CampaignPosition>, StorageError> {
        let state = self.shared.state();
        let position =
            |campaign: &Campaign| CampaignPosition { created_at: campaign.created_at, id: campaign.id };
        Ok(page(state.campaigns.values(), request, position, |a, b| {
            (b.created_at, b.id).cmp(&(a.created_at, a.id))
        }))
    }

    async fn find_issued_coupon(&self, id: IssuedCouponId) -> Result<Option<IssuedCoupon>, StorageError> {
        Ok(self.shared.state().issued_coupons.get(&id).cloned())
    }

    async fn list_issued_coupons(
        &self,
        filter: &IssuedCouponFilter,
        now: Timestamp,
        request: &PageRequest<IssuedCouponPosition>,
    ) -> Result<Page<IssuedCoupon, IssuedCouponPosition>, StorageError> {
        let state = self.shared.state();
        let shown = |coupon: &&IssuedCoupon| {
            coupon.user == filter.user && filter.status.is_none_or(|status| coupon.status(now) == status)
        };
        let position =
            |coupon: &IssuedCoupon| IssuedCouponPosition { claimed_at: coupon.claimed_at, id: coupon.id };
        Ok(page(state.issued_coupons.values().filter(shown), request, position, |a, b| {
            (b.claimed_at, b.id).cmp(&(a.claimed_at, a.id))
        }))
    }
}

/// How many of these coupons each claimant has.
fn counted<'a>(
    claimants: &BTreeSet<Claimant>,
    coupons: impl Iterator<Item = &'a IssuedCoupon>,
) -> Result<BTreeMap<Claimant, Quantity>, StorageError> {
    let mut counts = BTreeMap::new();
    for coupon in coupons {
        let claimant = Claimant { campaign: coupon.campaign, user: coupon.user };
        if claimants.contains(&claimant) {
            let count: &mut Quantity = counts.entry(claimant).or_default();
            *count = count.plus(Quantity::ONE).map_err(|_| broken("too many claims to count"))?;
        }
    }
    Ok(counts)
}
