//! What was sold of a product on a business day, in one currency. The day is a text such as 2026-11-22.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "daily_sales")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) day: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) product_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) currency: String,
    pub(crate) units: i64,
    pub(crate) revenue_amount: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
