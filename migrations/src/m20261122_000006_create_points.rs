//! Point accounts, their lots and their history (ADR-007, ADR-026).

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
        let accounts = schema
            .narrow_table("point_accounts")
            .col(id("user_id").primary_key().take())
            .col(integer("balance"))
            .col(currency())
            .col(integer("sequence"))
            .check(check("point_accounts_not_below_zero", "balance >= 0 AND sequence >= 0"))
            .take();
        schema.create(accounts).await?;

        let lots = schema
            .narrow_table("point_lots")
            .col(id("id").primary_key().take())
            .col(id("user_id"))
            .col(text("kind", 20))
            .col(integer("amount"))
            .col(integer("remaining"))
            .col(nullable(schema.instant("expires_at")))
            .col(schema.instant("created_at"))
            .foreign_key(&mut belongs_to(
                "point_lots_of_account",
                ("point_lots", "user_id"),
                ("point_accounts", "user_id"),
            ))
            .check(check("point_lots_remaining_in_bounds", "remaining >= 0 AND remaining <= amount"))
            .take();
        schema.create(lots).await?;

        let history = schema
            .narrow_table("point_history")
            .col(id("id").primary_key().take())
            .col(id("user_id"))
            .col(integer("sequence"))
            .col(text("kind", 20))
            .col(integer("amount"))
            .col(integer("balance"))
            .col(nullable(id("payment_id")))
            .col(nullable(id("order_id")))
            .col(nullable(text("reason", 500)))
            .col(schema.instant("created_at"))
            .foreign_key(&mut belongs_to(
                "point_history_of_account",
                ("point_history", "user_id"),
                ("point_accounts", "user_id"),
            ))
            .check(check("point_history_holds_together", "sequence >= 1 AND balance >= 0"))
            .take();
        schema.create(history).await?;

        let movements = schema
            .narrow_table("point_lot_movements")
            .col(id("history_id"))
            .col(small("number"))
            .col(id("lot_id"))
            .col(integer("amount"))
            .primary_key(&mut primary_key(&["history_id", "number"]))
            .foreign_key(&mut belongs_to(
                "point_lot_movements_of_history",
                ("point_lot_movements", "history_id"),
                ("point_history", "id"),
            ))
            .foreign_key(&mut belongs_to(
                "point_lot_movements_of_lot",
                ("point_lot_movements", "lot_id"),
                ("point_lots", "id"),
            ))
            .take();
        schema.create(movements).await?;

        // The lots of an account that have something left, read with the account whenever it is locked.
        let open = index("point_lots_open_of_user", "point_lots", &["user_id", "expires_at", "id"]);
        schema.create_index(schema.partial(open, "remaining > 0")).await?;
        // The history of an account, newest first; and no entry twice.
        let entries =
            index("point_history_of_user", "point_history", &["user_id", "sequence"]).unique().take();
        schema.create_index(entries).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = ["point_lot_movements", "point_history", "point_lots", "point_accounts"];
        Schema::of(manager).drop(&tables).await
    }
}
