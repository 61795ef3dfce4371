//! What a campaign is called and what its coupons are worth. Never changes.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "campaigns")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) discount_kind: String,
    pub(crate) discount_amount: Option<i64>,
    pub(crate) discount_rate: Option<i16>,
    pub(crate) discount_maximum: Option<i64>,
    pub(crate) minimum_order: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) scope: String,
    pub(crate) created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {
    #[sea_orm(has_one = "super::campaign_allotments::Entity")]
    Allotment,
}

impl Related<super::campaign_allotments::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Allotment.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
