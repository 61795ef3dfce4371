//! Coupon campaigns: terms that never change, and the allotment in a row of its own, the only one that claims lock and
//! write (ADR-006, ADR-019).

use sea_orm_migration::prelude::*;

use crate::schema::{
    Schema, belongs_to, check, currency, id, index, integer, nullable, primary_key, small, text,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager);
        let campaigns = schema
            .table("campaigns")
            .col(id("id").primary_key().take())
            .col(text("name", 200))
            .col(text("discount_kind", 20))
            .col(nullable(integer("discount_amount")))
            .col(nullable(small("discount_rate")))
            .col(nullable(integer("discount_maximum")))
            .col(nullable(integer("minimum_order")))
            // Of all amounts; a plain percentage has none.
            .col(nullable(currency()))
            .col(text("scope", 20))
            .col(schema.instant("created_at"))
            .check(check(
                "campaigns_discount_holds_together",
                "(discount_kind = 'FIXED' AND discount_amount IS NOT NULL AND discount_amount > 0 \
                 AND discount_rate IS NULL AND discount_maximum IS NULL) \
                 OR (discount_kind = 'PERCENT' AND discount_amount IS NULL \
                 AND discount_rate IS NOT NULL AND discount_rate BETWEEN 1 AND 10000 \
                 AND (discount_maximum IS NULL OR discount_maximum > 0))",
            ))
            .check(check("campaigns_minimum_not_below_zero", "minimum_order IS NULL OR minimum_order >= 0"))
            .check(check(
                "campaigns_amounts_have_a_currency",
                "(currency IS NULL AND discount_amount IS NULL AND discount_maximum IS NULL AND minimum_order IS NULL) \
                 OR (currency IS NOT NULL AND (discount_amount IS NOT NULL OR discount_maximum IS NOT NULL \
                 OR minimum_order IS NOT NULL))",
            ))
            .check(check("campaigns_scope_is_known", "scope IN ('ALL', 'PRODUCTS')"))
            .take();
        schema.create(campaigns).await?;

        // All that a claim is decided on, so that its lock is one statement on one row. No index on `claimed`: every
        // claim changes it. Days from the claim and dates exclude each other.
        let allotments = schema
            .narrow_table("campaign_allotments")
            .col(id("campaign_id").primary_key().take())
            .col(integer("total"))
            .col(integer("claimed"))
            .col(integer("per_user"))
            .col(nullable(schema.instant("claim_from")))
            .col(nullable(schema.instant("claim_until")))
            .col(nullable(schema.instant("valid_from")))
            .col(nullable(schema.instant("valid_until")))
            .col(nullable(integer("valid_days")))
            .foreign_key(&mut of_campaign("campaign_allotments_of_campaign", "campaign_allotments"))
            .check(check("campaign_allotments_claimed_in_bounds", "claimed >= 0 AND claimed <= total"))
            .check(check(
                "campaign_allotments_limits_in_bounds",
                "total BETWEEN 1 AND 1000000000 AND per_user BETWEEN 1 AND 1000000000",
            ))
            .check(check(
                "campaign_allotments_windows_hold_together",
                "(claim_from IS NULL OR claim_until IS NULL OR claim_from < claim_until) \
                 AND (valid_from IS NULL OR valid_until IS NULL OR valid_from < valid_until)",
            ))
            .check(check(
                "campaign_allotments_days_or_dates",
                "valid_days IS NULL OR (valid_days BETWEEN 1 AND 36500 AND valid_from IS NULL AND valid_until IS NULL)",
            ))
            .take();
        schema.create(allotments).await?;

        // Found by campaign, through the primary key. No foreign key to the product (ADR-013).
        let products = schema
            .narrow_table("campaign_products")
            .col(id("campaign_id"))
            .col(id("product_id"))
            .primary_key(&mut primary_key(&["campaign_id", "product_id"]))
            .foreign_key(&mut of_campaign("campaign_products_of_campaign", "campaign_products"))
            .take();
        schema.create(products).await?;

        // The list of campaigns, newest first.
        schema.create_index(index("campaigns_by_age", "campaigns", &["created_at", "id"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Schema::of(manager).drop(&["campaign_products", "campaign_allotments", "campaigns"]).await
    }
}

fn of_campaign(name: &'static str, table: &'static str) -> ForeignKeyCreateStatement {
    belongs_to(name, (table, "campaign_id"), ("campaigns", "id"))
}
