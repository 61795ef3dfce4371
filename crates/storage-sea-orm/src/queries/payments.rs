//! Payments outside transactions.

use jangteo_payment::{Payment, PaymentQueries};
use jangteo_shared_kernel::{OrderId, PaymentId, StorageError};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Select};

use crate::SeaOrmStorage;
use crate::entity::payments;
use crate::rows::payments::PaymentRows;

impl SeaOrmStorage {
    /// The payments of a query with all that belongs to them: five statements, one moment.
    async fn payments(&self, query: &Select<payments::Entity>) -> Result<Vec<Payment>, StorageError> {
        let reading = self.one_moment().await?;
        let headers: Vec<payments::Model> = reading.all(query).await?;
        let rows = PaymentRows::read(&reading, headers).await?;
        reading.finish().await?;
        rows.payments()
    }
}

impl PaymentQueries for SeaOrmStorage {
    async fn find_payment(&self, id: PaymentId) -> Result<Option<Payment>, StorageError> {
        Ok(self.payments(&payments::Entity::find_by_id(id.as_uuid())).await?.pop())
    }

    async fn payments_of_order(&self, order: OrderId) -> Result<Vec<Payment>, StorageError> {
        let query = payments::Entity::find()
            .filter(payments::Column::OrderId.eq(order.as_uuid()))
            .order_by_desc(payments::Column::CreatedAt)
            .order_by_desc(payments::Column::Id);
        self.payments(&query).await
    }
}
