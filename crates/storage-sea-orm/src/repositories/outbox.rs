//! Events inside a transaction.

use std::collections::BTreeSet;

use jangteo_application::{AggregatePosition, Event, Outbox, StoredEvent, UndeliveredEvents};
use jangteo_shared_kernel::{EventId, StorageError};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::SeaOrmTransaction;
use crate::entity::outbox;
use crate::entity::outbox::Column;
use crate::queries::keyset;
use crate::rows;
use crate::set::{DeleteSet, InsertSet};

static APPEND: InsertSet<outbox::Entity> = InsertSet::new();
static DELETE: DeleteSet<outbox::Entity> = DeleteSet::new();

impl Outbox for SeaOrmTransaction {
    async fn append_events(&mut self, events: &[Event]) -> Result<(), StorageError> {
        let events: Vec<_> = events.iter().map(rows::outbox::row).collect();
        self.lane.insert(&APPEND, &events).await
    }
}

impl UndeliveredEvents for SeaOrmTransaction {
    async fn list_undelivered_events(
        &mut self,
        after: Option<&AggregatePosition>,
        most: u32,
    ) -> Result<Vec<StoredEvent>, StorageError> {
        let mut query = outbox::Entity::find()
            .order_by_asc(Column::Subject)
            .order_by_asc(Column::Aggregate)
            .order_by_asc(Column::Version)
            .order_by_asc(Column::Id)
            .limit(u64::from(most));
        if let Some(after) = after {
            let position = [after.subject.into(), after.aggregate.as_str().into()];
            query =
                query.filter(keyset::above(self.lane.engine, [Column::Subject, Column::Aggregate], position));
        }
        let found: Vec<outbox::Model> = self.lane.all(&query).await?;
        found.into_iter().map(rows::outbox::event).collect()
    }

    async fn delete_delivered_events(&mut self, ids: &BTreeSet<EventId>) -> Result<u64, StorageError> {
        self.lane.delete(&DELETE, rows::keys(ids)).await
    }
}
