//! How refunds find what a payment took in points, and how the job finds what has expired (ADR-026).

use sea_orm_migration::prelude::*;

use crate::schema::{Schema, index};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager);
        // The entries of a payment: what it took, and what was given back of it.
        let of_payment = index("point_history_of_payment", "point_history", &["payment_id"]);
        schema.create_index(schema.partial(of_payment, "payment_id IS NOT NULL")).await?;
        // The lots whose expiry has to be written, the longest due first. Most never expire and stay out.
        let due = index("point_lots_by_expiry", "point_lots", &["expires_at"]);
        schema.create_index(schema.partial(due, "remaining > 0 AND expires_at IS NOT NULL")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager);
        schema.drop_index("point_lots_by_expiry", "point_lots").await?;
        schema.drop_index("point_history_of_payment", "point_history").await
    }
}
