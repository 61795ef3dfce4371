//! Stored answers to requests that named themselves by a key (ADR-025).

use sea_orm_migration::prelude::*;

use crate::schema::{Schema, bytes, check, id, index, nullable, primary_key, small, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager);
        let records = schema
            .table("idempotency_records")
            .col(id("user_id"))
            .col(bytes("idempotency_key", 255))
            .col(bytes("fingerprint", 32))
            .col(small("status"))
            .col(nullable(text("location", 500)))
            .col(schema.long_bytes("body"))
            .col(schema.instant("created_at"))
            .primary_key(&mut primary_key(&["user_id", "idempotency_key"]))
            .check(check("idempotency_records_status_in_bounds", "status BETWEEN 100 AND 599"))
            .take();
        schema.create(records).await?;
        // The records that are old enough to be deleted.
        schema.create_index(index("idempotency_records_by_age", "idempotency_records", &["created_at"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Schema::of(manager).drop(&["idempotency_records"]).await
    }
}
