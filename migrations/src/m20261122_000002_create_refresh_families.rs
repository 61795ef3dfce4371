//! Log-ins with the hash of their latest refresh token (ADR-029).

use sea_orm_migration::prelude::*;

use crate::schema::{Schema, bytes, id, index, nullable};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager);
        let families = schema
            .narrow_table("refresh_families")
            .col(id("id").primary_key().take())
            .col(id("user_id"))
            .col(bytes("current_hash", 32))
            .col(schema.instant("created_at"))
            .col(schema.instant("expires_at"))
            .col(nullable(schema.instant("ended_at")))
            .take();
        schema.create(families).await?;
        // The log-ins of a user that have not ended, in ascending id.
        let open = index("refresh_families_open_of_user", "refresh_families", &["user_id", "ended_at", "id"]);
        schema.create_index(open).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Schema::of(manager).drop(&["refresh_families"]).await
    }
}
