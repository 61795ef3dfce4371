//! What the ranking reads: daily roll-ups, and the sales that are not in them yet (ADR-033).

use sea_orm_migration::prelude::*;

use crate::schema::{Schema, currency, id, index, integer, primary_key};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager);
        // A business day as text, 2026-11-22: sorted and compared alike on every engine, and free of any zone. A period is
        // a few ranges of the primary key. A day may stand below zero while a refund is counted and its sale is not.
        let daily = schema
            .narrow_table("daily_sales")
            .col(schema.sorted_text("day", 10))
            .col(id("product_id"))
            .col(currency())
            .col(integer("units"))
            .col(integer("revenue_amount"))
            .primary_key(&mut primary_key(&["day", "product_id", "currency"]))
            .take();
        schema.create(daily).await?;

        // A queue: what payments and refunds add at its end, the batch takes from its beginning.
        let uncounted = schema
            .narrow_table("uncounted_sales")
            .col(schema.instant("noted_at"))
            .col(id("id"))
            .col(id("product_id"))
            .col(integer("units"))
            .col(integer("revenue_amount"))
            .col(currency())
            .col(schema.instant("sold_at"))
            .primary_key(&mut primary_key(&["noted_at", "id"]))
            .take();
        schema.create(uncounted).await?;

        // The sales of a day, when its roll-ups are computed anew.
        let paid = index("orders_by_payment", "orders", &["paid_at", "id"]);
        schema.create_index(schema.partial(paid, "paid_at IS NOT NULL")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager);
        schema.drop_index("orders_by_payment", "orders").await?;
        schema.drop(&["uncounted_sales", "daily_sales"]).await
    }
}
