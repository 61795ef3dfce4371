//! Coupons in the hands of users (ADR-006).

use sea_orm_migration::prelude::*;

use crate::schema::{Schema, check, id, index, integer, nullable};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager);
        // No foreign key to the campaign: coupons outlive what handed them out, and each claim would lock one row more.
        let coupons = schema
            .narrow_table("issued_coupons")
            .col(id("id").primary_key().take())
            .col(id("campaign_id"))
            .col(id("user_id"))
            .col(integer("sequence"))
            .col(integer("nth"))
            .col(schema.instant("claimed_at"))
            .col(nullable(schema.instant("valid_from")))
            .col(nullable(schema.instant("valid_until")))
            .col(nullable(id("used_order_id")))
            .col(nullable(schema.instant("used_at")))
            .col(integer("version"))
            .check(check("issued_coupons_from_one", "sequence >= 1 AND nth >= 1"))
            .check(check(
                "issued_coupons_use_holds_together",
                "(used_order_id IS NULL AND used_at IS NULL) OR (used_order_id IS NOT NULL AND used_at IS NOT NULL)",
            ))
            .take();
        schema.create(coupons).await?;

        // Two coupons in one place of a campaign are impossible, whatever races.
        let sequence = index("issued_coupons_sequence", "issued_coupons", &["campaign_id", "sequence"]);
        schema.create_index(unique(sequence)).await?;
        // The same among a user's coupons of a campaign, which this index also counts.
        let nth = index("issued_coupons_nth_of_user", "issued_coupons", &["user_id", "campaign_id", "nth"]);
        schema.create_index(unique(nth)).await?;
        // A user's coupons, newest first; of one status, those of another are passed over.
        schema
            .create_index(index("issued_coupons_of_user", "issued_coupons", &["user_id", "claimed_at", "id"]))
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Schema::of(manager).drop(&["issued_coupons"]).await
    }
}

fn unique(mut index: IndexCreateStatement) -> IndexCreateStatement {
    index.unique().take()
}
