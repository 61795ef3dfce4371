//! A coupon in the hands of a user.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "issued_coupons")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) campaign_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) sequence: i64,
    pub(crate) nth: i64,
    pub(crate) claimed_at: DateTimeUtc,
    pub(crate) valid_from: Option<DateTimeUtc>,
    pub(crate) valid_until: Option<DateTimeUtc>,
    pub(crate) used_order_id: Option<Uuid>,
    pub(crate) used_at: Option<DateTimeUtc>,
    pub(crate) version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
