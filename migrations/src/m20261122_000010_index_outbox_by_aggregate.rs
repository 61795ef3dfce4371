//! The order in which the relay reads the outbox.

use sea_orm_migration::prelude::*;

use crate::schema::{Schema, index};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The undelivered events, aggregate after aggregate, each in the order of its versions.
        let columns = ["subject", "aggregate", "version", "id"];
        Schema::of(manager).create_index(index("outbox_by_aggregate", "outbox", &columns)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Schema::of(manager).drop_index("outbox_by_aggregate", "outbox").await
    }
}
