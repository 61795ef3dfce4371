//! One index for a customer's orders, whether of one status or of any (ADR-014).

use sea_orm_migration::prelude::*;

use crate::schema::{Schema, index};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager);
        // A customer's orders, newest first. Those of other statuses are passed over within the index; it is also where the
        // unpaid orders of an account that is deleted are found.
        let columns = ["user_id", "created_at", "id", "status"];
        schema.create_index(index("orders_of_user_with_status", "orders", &columns)).await?;
        schema.drop_index("orders_of_user_by_status", "orders").await?;
        schema.drop_index("orders_of_user", "orders").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager);
        schema.create_index(index("orders_of_user", "orders", &["user_id", "created_at", "id"])).await?;
        let of_status =
            index("orders_of_user_by_status", "orders", &["user_id", "status", "created_at", "id"]);
        schema.create_index(of_status).await?;
        schema.drop_index("orders_of_user_with_status", "orders").await
    }
}
