//! Leases: what only one instance may do at a time.

use sea_orm_migration::prelude::*;

use crate::schema::{Schema, id, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager);
        let leases = schema
            .narrow_table("leases")
            .col(text("name", 50).primary_key().take())
            .col(id("holder"))
            .col(schema.instant("expires_at"))
            .take();
        schema.create(leases).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Schema::of(manager).drop(&["leases"]).await
    }
}
