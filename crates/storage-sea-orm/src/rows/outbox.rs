//! Events.

use jangteo_application::{Event, StoredEvent};
use jangteo_shared_kernel::{EventId, StorageError};

use crate::entity::outbox;
use crate::error::Place;

pub(crate) fn row(event: &Event) -> outbox::Model {
    outbox::Model {
        id: event.id.as_uuid(),
        aggregate: event.aggregate.name().to_owned(),
        subject: event.subject,
        version: event.version,
        kind: event.kind.name().to_owned(),
        occurred_at: event.occurred_at,
        data: event.data.as_str().to_owned(),
    }
}

pub(crate) fn event(row: outbox::Model) -> Result<StoredEvent, StorageError> {
    let id = EventId::from_uuid(row.id);
    let place = Place { table: "outbox", id: &id };
    Ok(StoredEvent {
        id,
        kind: row.kind,
        aggregate: row.aggregate,
        subject: row.subject,
        version: row.version,
        occurred_at: row.occurred_at,
        data: place.read("data", row.data.try_into())?,
    })
}
