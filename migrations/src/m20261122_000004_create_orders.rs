//! Orders and their lines, with every amount frozen (ADR-004, ADR-005, ADR-012).

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
        let orders = schema
            .narrow_table("orders")
            .col(id("id").primary_key().take())
            .col(id("user_id"))
            .col(integer("gross_amount"))
            .col(integer("discount_amount"))
            .col(integer("total_amount"))
            .col(currency())
            .col(text("status", 20))
            .col(schema.instant("created_at"))
            .col(schema.instant("expires_at"))
            .col(nullable(schema.instant("paid_at")))
            .col(nullable(schema.instant("cancelled_at")))
            .col(nullable(schema.instant("expired_at")))
            .col(integer("version"))
            .check(check("orders_amounts_not_below_zero", "gross_amount >= 0 AND discount_amount >= 0 AND total_amount >= 0"))
            .check(check("orders_total_adds_up", "total_amount = gross_amount - discount_amount"))
            .check(check(
                "orders_state_holds_together",
                "(status = 'PENDING_PAYMENT' AND paid_at IS NULL AND cancelled_at IS NULL AND expired_at IS NULL) \
                 OR (status IN ('PAID', 'PARTIALLY_REFUNDED', 'REFUNDED') \
                 AND paid_at IS NOT NULL AND cancelled_at IS NULL AND expired_at IS NULL) \
                 OR (status = 'CANCELLED' AND paid_at IS NULL AND cancelled_at IS NOT NULL AND expired_at IS NULL) \
                 OR (status = 'EXPIRED' AND paid_at IS NULL AND cancelled_at IS NULL AND expired_at IS NOT NULL)",
            ))
            .take();
        schema.create(orders).await?;

        // Found by order, and in the order of their numbers, through the primary key. No foreign key to the product:
        // it would cost a share lock on a hot row (ADR-013).
        let lines = schema
            .narrow_table("order_lines")
            .col(id("order_id"))
            .col(small("number"))
            .col(id("id"))
            .col(id("product_id"))
            .col(text("product_name", 200))
            .col(integer("unit_price_amount"))
            .col(small("quantity"))
            .col(integer("gross_amount"))
            .col(integer("discount_amount"))
            .col(small("refunded"))
            .col(small("restocked"))
            .primary_key(&mut primary_key(&["order_id", "number"]))
            .foreign_key(&mut belongs_to(
                "order_lines_of_order",
                ("order_lines", "order_id"),
                ("orders", "id"),
            ))
            .check(check("order_lines_number_from_one", "number >= 1"))
            .check(check("order_lines_quantity_in_bounds", "quantity BETWEEN 1 AND 999"))
            .check(check(
                "order_lines_amounts_add_up",
                "unit_price_amount >= 0 AND gross_amount = unit_price_amount * quantity \
                 AND discount_amount BETWEEN 0 AND gross_amount",
            ))
            .check(check(
                "order_lines_refunds_in_bounds",
                "restocked >= 0 AND restocked <= refunded AND refunded <= quantity",
            ))
            .take();
        schema.create(lines).await?;

        // A customer's orders, newest first.
        schema.create_index(index("orders_of_user", "orders", &["user_id", "created_at", "id"])).await?;
        // The same of one status; also a user's unpaid orders, when the account is deleted.
        let of_status =
            index("orders_of_user_by_status", "orders", &["user_id", "status", "created_at", "id"]);
        schema.create_index(of_status).await?;
        // All orders, newest first, for administrators.
        schema.create_index(index("orders_by_age", "orders", &["created_at", "id"])).await?;
        // The same of one status.
        schema
            .create_index(index("orders_by_status_and_age", "orders", &["status", "created_at", "id"]))
            .await?;
        // Unpaid orders whose time has run out, for the expiry job, which MUST name the status as a literal.
        let unpaid = index("orders_unpaid_by_expiry", "orders", &["status", "expires_at"]);
        schema.create_index(schema.partial(unpaid, "status = 'PENDING_PAYMENT'")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Schema::of(manager).drop(&["order_lines", "orders"]).await
    }
}
