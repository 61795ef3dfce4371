//! Payments: append-only events with a guarded summary (ADR-015).

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
        let payments = schema
            .narrow_table("payments")
            .col(id("id").primary_key().take())
            .col(id("order_id"))
            .col(id("user_id"))
            .col(integer("amount"))
            .col(currency())
            .col(schema.instant("created_at"))
            .check(check("payments_amount_not_below_zero", "amount >= 0"))
            .take();
        schema.create(payments).await?;

        // The number keeps the order in which the customer named the tenders.
        let tenders = schema
            .narrow_table("payment_tenders")
            .col(id("payment_id"))
            .col(text("method", 20))
            .col(small("number"))
            .col(integer("amount"))
            .col(integer("refunded"))
            .primary_key(&mut primary_key(&["payment_id", "method"]))
            .foreign_key(&mut of_payment("payment_tenders_of_payment", "payment_tenders"))
            .check(check("payment_tenders_refunded_in_bounds", "refunded >= 0 AND refunded <= amount"))
            .take();
        schema.create(tenders).await?;

        // The number keeps the order of the lines, whose ids need not ascend.
        let shares = schema
            .narrow_table("payment_shares")
            .col(id("payment_id"))
            .col(text("method", 20))
            .col(id("line_id"))
            .col(small("number"))
            .col(integer("amount"))
            .primary_key(&mut primary_key(&["payment_id", "method", "line_id"]))
            .foreign_key(&mut of_payment("payment_shares_of_payment", "payment_shares"))
            .check(check("payment_shares_not_below_zero", "amount >= 0"))
            .take();
        schema.create(shares).await?;

        let events = schema
            .narrow_table("payment_events")
            .col(id("payment_id"))
            .col(integer("sequence"))
            .col(text("kind", 20))
            .col(integer("amount"))
            .col(schema.instant("created_at"))
            .primary_key(&mut primary_key(&["payment_id", "sequence"]))
            .foreign_key(&mut of_payment("payment_events_of_payment", "payment_events"))
            .check(check("payment_events_from_one", "sequence >= 1 AND amount >= 0"))
            .take();
        schema.create(events).await?;

        // `settles_order_id` is unique: two payments that settle one order are impossible, whatever races. It is
        // never cleared; a payment that settles nothing has NULL.
        let summaries = schema
            .narrow_table("payment_summaries")
            .col(id("payment_id").primary_key().take())
            .col(integer("captured"))
            .col(integer("refunded"))
            .col(nullable(id("settles_order_id")).unique_key().take())
            .foreign_key(&mut of_payment("payment_summaries_of_payment", "payment_summaries"))
            .check(check("payment_summaries_refunded_in_bounds", "refunded >= 0 AND refunded <= captured"))
            .take();
        schema.create(summaries).await?;

        // The payments of an order, newest first.
        schema.create_index(index("payments_of_order", "payments", &["order_id", "created_at", "id"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = ["payment_summaries", "payment_events", "payment_shares", "payment_tenders", "payments"];
        Schema::of(manager).drop(&tables).await
    }
}

fn of_payment(name: &'static str, table: &'static str) -> ForeignKeyCreateStatement {
    belongs_to(name, (table, "payment_id"), ("payments", "id"))
}
