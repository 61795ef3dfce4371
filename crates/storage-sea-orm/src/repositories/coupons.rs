//! Campaigns and the coupons that they have issued, inside a transaction.

use std::collections::{BTreeMap, BTreeSet};

use jangteo_coupon::{
    Allotment, Allotments, Campaign, CampaignRepository, Claimant, CouponTerms, IssuedCoupon,
    IssuedCouponRepository, IssuedCoupons,
};
use jangteo_shared_kernel::{CouponId, IssuedCouponId, Quantity, StorageError};

use crate::SeaOrmTransaction;
use crate::entity::{campaign_allotments, campaign_products, campaigns, issued_coupons};
use crate::rows;
use crate::rows::coupons::Listed;
use crate::set::{CountSet, InsertSet, SelectSet, UpdateSet};

static LOCK_ALLOTMENTS: SelectSet<campaign_allotments::Entity> =
    SelectSet::locking(&[campaign_allotments::Column::CampaignId]);
/// Terms and lists never change, so they need no lock.
static READ_TERMS: SelectSet<campaigns::Entity> = SelectSet::by(&[campaigns::Column::Id]);
pub(crate) static PRODUCTS_OF: SelectSet<campaign_products::Entity> =
    SelectSet::by(&[campaign_products::Column::CampaignId]);
static INSERT_CAMPAIGNS: InsertSet<campaigns::Entity> = InsertSet::new();
static INSERT_ALLOTMENTS: InsertSet<campaign_allotments::Entity> = InsertSet::new();
static INSERT_PRODUCTS: InsertSet<campaign_products::Entity> = InsertSet::new();
static SAVE_CLAIMED: UpdateSet<campaign_allotments::Entity> =
    UpdateSet::setting(&[campaign_allotments::Column::Claimed]);

pub(crate) static COUNT_CLAIMS: CountSet<issued_coupons::Entity> =
    CountSet::by(&[issued_coupons::Column::UserId, issued_coupons::Column::CampaignId]);
static LOCK_COUPONS: SelectSet<issued_coupons::Entity> = SelectSet::locking(&[issued_coupons::Column::Id]);
static INSERT_COUPONS: InsertSet<issued_coupons::Entity> = InsertSet::new();
static SAVE_COUPONS: UpdateSet<issued_coupons::Entity> = UpdateSet::setting(&[
    issued_coupons::Column::UsedOrderId,
    issued_coupons::Column::UsedAt,
    issued_coupons::Column::Version,
]);

impl CampaignRepository for SeaOrmTransaction {
    async fn insert_campaigns(&mut self, new: &[Campaign]) -> Result<(), StorageError> {
        let campaigns = new.iter().map(rows::coupons::campaign_row).collect::<Result<Vec<_>, _>>()?;
        let allotments: Vec<_> =
            new.iter().map(|campaign| rows::coupons::allotment_row(&campaign.allotment)).collect();
        let products: Vec<_> = new.iter().flat_map(rows::coupons::product_rows).collect();
        self.lane.insert(&INSERT_CAMPAIGNS, &campaigns).await?;
        self.lane.insert(&INSERT_ALLOTMENTS, &allotments).await?;
        self.lane.insert(&INSERT_PRODUCTS, &products).await
    }

    async fn lock_campaigns(&mut self, ids: &BTreeSet<CouponId>) -> Result<Allotments, StorageError> {
        let found = self.lane.select(&LOCK_ALLOTMENTS, rows::keys(ids)).await?;
        let allotments = found
            .iter()
            .map(|row| rows::coupons::allotment(row).map(|allotment| (allotment.campaign, allotment)));
        allotments.collect()
    }

    async fn find_coupon_terms(
        &mut self,
        ids: &BTreeSet<CouponId>,
    ) -> Result<BTreeMap<CouponId, CouponTerms>, StorageError> {
        let found = self.lane.select(&READ_TERMS, rows::keys(ids)).await?;
        let listed = self.lane.select(&PRODUCTS_OF, rows::coupons::listing(&found)).await?;
        let mut listed = Listed::of(listed);
        let terms = found.iter().map(|row| {
            rows::coupons::terms(row, &mut listed).map(|terms| (CouponId::from_uuid(row.id), terms))
        });
        terms.collect()
    }

    async fn save_claimed(&mut self, changed: &[Allotment]) -> Result<(), StorageError> {
        let changed: Vec<_> = changed.iter().map(rows::coupons::allotment_row).collect();
        self.lane.update(&SAVE_CLAIMED, &changed).await
    }
}

impl IssuedCouponRepository for SeaOrmTransaction {
    async fn count_claims(
        &mut self,
        claimants: &BTreeSet<Claimant>,
    ) -> Result<BTreeMap<Claimant, Quantity>, StorageError> {
        let keys = claimants.iter().map(rows::coupons::claimant_key).collect();
        rows::coupons::claims_of(claimants, self.lane.count(&COUNT_CLAIMS, keys).await?)
    }

    async fn lock_issued_coupons(
        &mut self,
        ids: &BTreeSet<IssuedCouponId>,
    ) -> Result<IssuedCoupons, StorageError> {
        let found = self.lane.select(&LOCK_COUPONS, rows::keys(ids)).await?;
        found.iter().map(|row| rows::coupons::coupon(row).map(|coupon| (coupon.id, coupon))).collect()
    }

    async fn insert_issued_coupons(&mut self, new: &[IssuedCoupon]) -> Result<(), StorageError> {
        let new: Vec<_> = new.iter().map(rows::coupons::coupon_row).collect();
        self.lane.insert(&INSERT_COUPONS, &new).await
    }

    async fn save_issued_coupons(&mut self, changed: &[IssuedCoupon]) -> Result<(), StorageError> {
        let changed: Vec<_> = changed.iter().map(rows::coupons::coupon_row).collect();
        self.lane.update(&SAVE_COUPONS, &changed).await
    }
}
