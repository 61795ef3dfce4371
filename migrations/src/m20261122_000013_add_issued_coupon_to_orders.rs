//! The coupon that an order's discount comes from (ADR-005). Nothing looks orders up by it.

use sea_orm_migration::prelude::*;

use crate::schema::{Schema, id, nullable};

const COLUMN: &str = "issued_coupon_id";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Schema::of(manager).add_column("orders", nullable(id(COLUMN))).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Schema::of(manager).drop_column("orders", COLUMN).await
    }
}
