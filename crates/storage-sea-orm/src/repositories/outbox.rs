//! Events inside a transaction.

use jangteo_application::{Event, Outbox};
use jangteo_shared_kernel::StorageError;

use crate::SeaOrmTransaction;
use crate::entity::outbox;
use crate::set::InsertSet;

static APPEND: InsertSet<outbox::Entity> = InsertSet::new();

impl Outbox for SeaOrmTransaction {
    async fn append_events(&mut self, events: &[Event]) -> Result<(), StorageError> {
        let events: Vec<_> = events.iter().map(row).collect();
        self.lane.insert(&APPEND, &events).await
    }
}

fn row(event: &Event) -> outbox::Model {
    outbox::Model {
        id: event.id.as_uuid(),
        aggregate: event.aggregate.name().to_owned(),
        subject: event.subject,
        version: event.version,
        kind: event.kind.name().to_owned(),
        occurred_at: event.occurred_at,
        data: event.data.to_string(),
    }
}
