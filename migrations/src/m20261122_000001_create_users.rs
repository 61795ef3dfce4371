//! Accounts, with sealed personal data (ADR-027).

use sea_orm_migration::prelude::*;

use crate::schema::{Schema, bytes, check, id, index, integer, nullable, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager);
        let users = schema
            .table("users")
            .col(id("id").primary_key().take())
            .col(text("role", 20))
            .col(nullable(bytes("email_sealed", 512)))
            // The keyed hash of the address: unique among living accounts, which are the only ones that have it.
            .col(nullable(bytes("email_lookup", 32)).unique_key().take())
            // 200 characters of up to 4 bytes each, and what sealing adds.
            .col(nullable(bytes("name_sealed", 1_024)))
            .col(nullable(bytes("phone_sealed", 512)))
            .col(nullable(text("password_hash", 255)))
            .col(schema.instant("created_at"))
            .col(nullable(schema.instant("deleted_at")))
            .col(integer("version"))
            .check(check(
                "users_deleted_has_no_personal_data",
                "(deleted_at IS NULL AND email_sealed IS NOT NULL AND email_lookup IS NOT NULL \
                 AND name_sealed IS NOT NULL AND password_hash IS NOT NULL) \
                 OR (deleted_at IS NOT NULL AND email_sealed IS NULL AND email_lookup IS NULL \
                 AND name_sealed IS NULL AND phone_sealed IS NULL AND password_hash IS NULL)",
            ))
            .take();
        schema.create(users).await?;
        // The list of accounts, newest first.
        schema.create_index(index("users_by_age", "users", &["created_at", "id"])).await?;
        // The same list of one role: few are administrators.
        schema.create_index(index("users_by_role_and_age", "users", &["role", "created_at", "id"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Schema::of(manager).drop(&["users"]).await
    }
}
