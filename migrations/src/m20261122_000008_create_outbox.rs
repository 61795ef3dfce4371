//! Events that wait for their delivery; written in the transaction that they tell of.

use sea_orm_migration::prelude::*;

use crate::schema::{Schema, id, integer, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager);
        let outbox = schema
            .table("outbox")
            .col(id("id").primary_key().take())
            .col(text("aggregate", 20))
            .col(id("subject"))
            .col(integer("version"))
            .col(text("kind", 100))
            .col(schema.instant("occurred_at"))
            .col(schema.long_text("data"))
            .take();
        schema.create(outbox).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Schema::of(manager).drop(&["outbox"]).await
    }
}
