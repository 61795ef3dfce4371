//! The coupon that an order's discount comes from (ADR-005). Nothing looks orders up by it.

use sea_orm_migration::prelude::*;

use crate::schema::{id, nullable};

const COLUMN: &str = "issued_coupon_id";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let add = Table::alter().table("orders").add_column(nullable(id(COLUMN))).take();
        manager.alter_table(add).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("orders").drop_column(COLUMN).take()).await
    }
}
