//! Units that a refund gave back, in the refund's currency.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refund_items")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) refund_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) number: i16,
    pub(crate) line_id: Uuid,
    pub(crate) product_id: Uuid,
    pub(crate) quantity: i16,
    pub(crate) restock: i16,
    pub(crate) amount: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
