//! Refunds, which are only ever added (ADR-009).

use sea_orm_migration::prelude::*;

use crate::schema::{Schema, belongs_to, check, currency, id, index, integer, primary_key, small, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager);
        // `paid_at` is when the order was paid: the refund counts against the day of that sale.
        let refunds = schema
            .narrow_table("refunds")
            .col(id("id").primary_key().take())
            .col(id("payment_id"))
            .col(id("order_id"))
            .col(id("user_id"))
            .col(text("reason", 500))
            .col(integer("amount"))
            .col(currency())
            .col(schema.instant("paid_at"))
            .col(schema.instant("created_at"))
            .check(check("refunds_amount_not_below_zero", "amount >= 0"))
            .take();
        schema.create(refunds).await?;

        // A line may be there twice, once for the units that went back into the stock and once for those that did not.
        let items = schema
            .narrow_table("refund_items")
            .col(id("refund_id"))
            .col(small("number"))
            .col(id("line_id"))
            .col(id("product_id"))
            .col(small("quantity"))
            .col(small("restock"))
            .col(integer("amount"))
            .primary_key(&mut primary_key(&["refund_id", "number"]))
            .foreign_key(&mut belongs_to(
                "refund_items_of_refund",
                ("refund_items", "refund_id"),
                ("refunds", "id"),
            ))
            .check(check("refund_items_quantity_in_bounds", "quantity BETWEEN 1 AND 999"))
            .check(check("refund_items_amount_not_below_zero", "amount >= 0"))
            .check(check("refund_items_restock_or_not", "restock IN (0, 1)"))
            .take();
        schema.create(items).await?;

        // What goes back on each way, for each item. What the refund gives back on a way is their sum.
        let shares = schema
            .narrow_table("refund_shares")
            .col(id("refund_id"))
            .col(small("number"))
            .col(text("method", 20))
            .col(integer("amount"))
            .primary_key(&mut primary_key(&["refund_id", "number", "method"]))
            .foreign_key(&mut belongs_to(
                "refund_shares_of_refund",
                ("refund_shares", "refund_id"),
                ("refunds", "id"),
            ))
            .check(check("refund_shares_not_below_zero", "amount >= 0"))
            .take();
        schema.create(shares).await?;

        // The refunds of a payment, newest first.
        schema
            .create_index(index("refunds_of_payment", "refunds", &["payment_id", "created_at", "id"]))
            .await?;
        // The refunds of the sales of a day, when its ranking is rebuilt.
        schema.create_index(index("refunds_by_sale", "refunds", &["paid_at", "id"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Schema::of(manager).drop(&["refund_shares", "refund_items", "refunds"]).await
    }
}
