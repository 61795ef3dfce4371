//! The allotment of a campaign: the row that claims lock.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "campaign_allotments")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) campaign_id: Uuid,
    pub(crate) total: i64,
    pub(crate) claimed: i64,
    pub(crate) per_user: i64,
    pub(crate) claim_from: Option<DateTimeUtc>,
    pub(crate) claim_until: Option<DateTimeUtc>,
    pub(crate) valid_from: Option<DateTimeUtc>,
    pub(crate) valid_until: Option<DateTimeUtc>,
    pub(crate) valid_days: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {
    #[sea_orm(
        belongs_to = "super::campaigns::Entity",
        from = "Column::CampaignId",
        to = "super::campaigns::Column::Id"
    )]
    Campaign,
}

impl Related<super::campaigns::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Campaign.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
