//! The catalogue, and the stock in a narrow row of its own: sales lock and write that one only (ADR-008, ADR-018).

use sea_orm_migration::prelude::*;

use crate::schema::{Schema, belongs_to, check, currency, id, index, integer, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager);
        let products = schema
            .table("products")
            .col(id("id").primary_key().take())
            .col(text("name", 200))
            // Lower-casing can make a name longer.
            .col(schema.sorted_text("name_key", 600))
            .col(schema.long_text("description"))
            .col(integer("price_amount"))
            .col(currency())
            .col(text("status", 20))
            .col(integer("version"))
            .col(schema.instant("created_at"))
            .col(schema.instant("updated_at"))
            .check(check("products_price_in_bounds", "price_amount BETWEEN 0 AND 1000000000000"))
            .take();
        schema.create(products).await?;

        // No index on the quantity: every sale changes it.
        let stock = schema
            .narrow_table("product_stock")
            .col(id("product_id").primary_key().take())
            .col(integer("quantity"))
            .col(integer("version"))
            .foreign_key(&mut belongs_to(
                "product_stock_of_product",
                ("product_stock", "product_id"),
                ("products", "id"),
            ))
            .check(check("product_stock_not_below_zero", "quantity >= 0"))
            .take();
        schema.create(stock).await?;

        let adjustments = schema
            .table("stock_adjustments")
            .col(id("id").primary_key().take())
            .col(id("product_id"))
            .col(integer("delta"))
            .col(text("reason", 500))
            .col(integer("stock"))
            .col(schema.instant("created_at"))
            .foreign_key(&mut belongs_to(
                "stock_adjustments_of_product",
                ("stock_adjustments", "product_id"),
                ("products", "id"),
            ))
            .check(check("stock_adjustments_not_below_zero", "stock >= 0"))
            .take();
        schema.create(adjustments).await?;

        // The catalogue of a status, newest first.
        schema.create_index(index("products_by_age", "products", &["status", "created_at", "id"])).await?;
        // The same, cheapest first.
        schema
            .create_index(index("products_by_price", "products", &["status", "price_amount", "id"]))
            .await?;
        // The same, dearest first, where ties are still broken by ascending id.
        let dearest = Index::create()
            .name("products_by_price_descending")
            .table("products")
            .col("status")
            .col(("price_amount", IndexOrder::Desc))
            .col("id")
            .take();
        schema.create_index(dearest).await?;
        // The same by name, and names that begin with a prefix.
        schema.create_index(index("products_by_name", "products", &["status", "name_key", "id"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Schema::of(manager).drop(&["stock_adjustments", "product_stock", "products"]).await
    }
}
