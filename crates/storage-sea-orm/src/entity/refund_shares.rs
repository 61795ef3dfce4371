//! What an item of a refund gave back on one way, in the refund's currency.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refund_shares")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) refund_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) number: i16,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) method: String,
    pub(crate) amount: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
