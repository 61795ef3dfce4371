//! Events outside transactions.

use jangteo_application::{AggregatePosition, OutboxQueries};
use jangteo_shared_kernel::StorageError;
use sea_orm::{EntityTrait, QueryOrder, QuerySelect};

use crate::SeaOrmStorage;
use crate::entity::outbox;
use crate::entity::outbox::Column;

impl OutboxQueries for SeaOrmStorage {
    async fn last_undelivered_event(&self) -> Result<Option<AggregatePosition>, StorageError> {
        let query =
            outbox::Entity::find().order_by_desc(Column::Subject).order_by_desc(Column::Aggregate).limit(1);
        let found: Option<outbox::Model> = self.reader.one(&query).await?;
        Ok(found.map(|row| AggregatePosition { subject: row.subject, aggregate: row.aggregate }))
    }
}
