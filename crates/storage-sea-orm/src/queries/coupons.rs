//! Campaigns and the coupons that they have issued, outside transactions.

use std::collections::{BTreeMap, BTreeSet};

use jangteo_coupon::{
    Allotment, Campaign, CampaignPosition, Claimant, CouponQueries, CouponStatus, IssuedCoupon,
    IssuedCouponFilter, IssuedCouponPosition,
};
use jangteo_shared_kernel::{CouponId, IssuedCouponId, Page, PageRequest, Quantity, StorageError, Timestamp};
use sea_orm::{
    ColumnTrait, Condition, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, QuerySelect, SelectTwo,
};

use super::keyset;
use crate::SeaOrmStorage;
use crate::entity::{campaign_allotments, campaigns, issued_coupons};
use crate::lane::Lane;
use crate::repositories::{COUNT_CLAIMS, PRODUCTS_OF};
use crate::rows;
use crate::rows::coupons::Listed;

type WithAllotment = SelectTwo<campaigns::Entity, campaign_allotments::Entity>;

/// The campaigns of a query with the products that they list: two statements at most. They need no one moment: lists are
/// written with their campaign and never change.
async fn campaigns(
    lane: &Lane<DatabaseConnection>,
    query: &WithAllotment,
) -> Result<Vec<Campaign>, StorageError> {
    let found = lane.all_two(query).await?;
    let keys = rows::coupons::listing(found.iter().map(|(row, _)| row));
    let mut listed = Listed::of(lane.select(&PRODUCTS_OF, keys).await?);
    let campaigns =
        found.iter().map(|(row, allotment)| rows::coupons::campaign(row, allotment.as_ref(), &mut listed));
    campaigns.collect()
}

impl CouponQueries for SeaOrmStorage {
    async fn find_campaign(&self, id: CouponId) -> Result<Option<Campaign>, StorageError> {
        let query =
            campaigns::Entity::find_by_id(id.as_uuid()).find_also_related(campaign_allotments::Entity);
        Ok(campaigns(&self.reader, &query).await?.pop())
    }

    /// A replica MUST NOT answer this, and none does.
    async fn find_allotment(&self, id: CouponId) -> Result<Option<Allotment>, StorageError> {
        let found = self.reader.one(&campaign_allotments::Entity::find_by_id(id.as_uuid())).await?;
        found.as_ref().map(rows::coupons::allotment).transpose()
    }

    /// A replica MUST NOT answer this, and none does.
    async fn find_claims_of(
        &self,
        claimants: &BTreeSet<Claimant>,
    ) -> Result<BTreeMap<Claimant, Quantity>, StorageError> {
        let keys = claimants.iter().map(rows::coupons::claimant_key).collect();
        rows::coupons::claims_of(claimants, self.reader.count(&COUNT_CLAIMS, keys).await?)
    }

    async fn list_campaigns(
        &self,
        page: &PageRequest<CampaignPosition>,
    ) -> Result<Page<Campaign, CampaignPosition>, StorageError> {
        use campaigns::Column;
        let mut query = campaigns::Entity::find()
            .find_also_related(campaign_allotments::Entity)
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .limit(page.limit.rows());
        if let Some(after) = page.after {
            let position = [after.created_at.into(), after.id.as_uuid().into()];
            query =
                query.filter(keyset::below(self.reader.engine, [Column::CreatedAt, Column::Id], position));
        }
        let behind = page.after.as_ref().map(|after| campaigns::Entity::find_by_id(after.id.as_uuid()));
        let campaigns = self.may_be_late(behind, |lane| campaigns(lane, &query)).await?;
        Ok(Page::from_rows(campaigns, page.limit, |campaign| CampaignPosition {
            created_at: campaign.created_at,
            id: campaign.id,
        }))
    }

    async fn find_issued_coupon(&self, id: IssuedCouponId) -> Result<Option<IssuedCoupon>, StorageError> {
        let found = self.reader.one(&issued_coupons::Entity::find_by_id(id.as_uuid())).await?;
        found.as_ref().map(rows::coupons::coupon).transpose()
    }

    async fn list_issued_coupons(
        &self,
        filter: &IssuedCouponFilter,
        now: Timestamp,
        page: &PageRequest<IssuedCouponPosition>,
    ) -> Result<Page<IssuedCoupon, IssuedCouponPosition>, StorageError> {
        use issued_coupons::Column;
        let mut query = issued_coupons::Entity::find()
            .filter(Column::UserId.eq(filter.user.as_uuid()))
            .order_by_desc(Column::ClaimedAt)
            .order_by_desc(Column::Id)
            .limit(page.limit.rows());
        if let Some(status) = filter.status {
            query = query.filter(of_status(status, now));
        }
        if let Some(after) = page.after {
            let position = [after.claimed_at.into(), after.id.as_uuid().into()];
            query =
                query.filter(keyset::below(self.reader.engine, [Column::ClaimedAt, Column::Id], position));
        }
        let found: Vec<issued_coupons::Model> = self.reader.all(&query).await?;
        let coupons = found.iter().map(rows::coupons::coupon).collect::<Result<_, _>>()?;
        Ok(Page::from_rows(coupons, page.limit, |coupon: &IssuedCoupon| IssuedCouponPosition {
            claimed_at: coupon.claimed_at,
            id: coupon.id,
        }))
    }
}

/// What [`IssuedCoupon::status`] says at `now`. Time decides it, so no index can hold it: a page passes over coupons of
/// the user that have another status.
fn of_status(status: CouponStatus, now: Timestamp) -> Condition {
    use issued_coupons::Column::{UsedOrderId, ValidUntil};
    match status {
        CouponStatus::Used => Condition::all().add(UsedOrderId.is_not_null()),
        CouponStatus::Expired => Condition::all().add(UsedOrderId.is_null()).add(ValidUntil.lte(now)),
        CouponStatus::Issued => {
            let in_time = Condition::any().add(ValidUntil.is_null()).add(ValidUntil.gt(now));
            Condition::all().add(UsedOrderId.is_null()).add(in_time)
        }
    }
}
