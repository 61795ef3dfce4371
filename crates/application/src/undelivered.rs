//! Events that wait for their delivery: the outbox as the relay reads it.

use std::collections::BTreeSet;

use jangteo_shared_kernel::{EventId, StorageError, Timestamp};
use uuid::Uuid;

use crate::{Event, EventData};

/// An event as a storage has kept it. Its names are texts: another instance, perhaps of a later release, may have told
/// it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEvent {
    /// Names it.
    pub id: EventId,
    /// The name of its kind.
    pub kind: String,
    /// The name of the kind of thing that it is about.
    pub aggregate: String,
    /// The id of that.
    pub subject: Uuid,
    /// The version of that right after the event.
    pub version: i64,
    /// When.
    pub occurred_at: Timestamp,
    /// What a consumer needs to know.
    pub data: EventData,
}

/// A place between the aggregates: behind the last event of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AggregatePosition {
    /// Its id. Ids sort by the time of their making (ADR-011), so what is older comes first.
    pub subject: Uuid,
    /// The name of what it is: a user and their point account share an id.
    pub aggregate: String,
}

/// The undelivered events inside a transaction.
pub trait UndeliveredEvents: Send {
    /// Undelivered events of the aggregates behind `after`, or of all, at most `most` of them: aggregate after
    /// aggregate in ascending [`AggregatePosition`], each aggregate's own in ascending version.
    ///
    /// An aggregate's events MUST come without a gap: if one is there, so is every undelivered one of it with a lower
    /// version. MUST NOT be read from a replica.
    fn list_undelivered_events(
        &mut self,
        after: Option<&AggregatePosition>,
        most: u32,
    ) -> impl Future<Output = Result<Vec<StoredEvent>, StorageError>> + Send;

    /// Deletes events, because they were delivered, and says how many were there. Those that are gone already are left
    /// out.
    fn delete_delivered_events(
        &mut self,
        ids: &BTreeSet<EventId>,
    ) -> impl Future<Output = Result<u64, StorageError>> + Send;
}

/// The undelivered events outside transactions.
pub trait OutboxQueries: Sync {
    /// The position of the last aggregate that has undelivered events; `None` if nothing waits. May be late, as a
    /// replica is.
    fn last_undelivered_event(
        &self,
    ) -> impl Future<Output = Result<Option<AggregatePosition>, StorageError>> + Send;
}

impl StoredEvent {
    /// The position of its aggregate.
    #[must_use]
    pub fn position(&self) -> AggregatePosition {
        AggregatePosition { subject: self.subject, aggregate: self.aggregate.clone() }
    }

    /// Whether both are about the same thing.
    #[must_use]
    pub fn shares_aggregate(&self, other: &Self) -> bool {
        self.subject == other.subject && self.aggregate == other.aggregate
    }
}

impl From<&Event> for StoredEvent {
    fn from(event: &Event) -> Self {
        Self {
            id: event.id,
            kind: event.kind.name().to_owned(),
            aggregate: event.aggregate.name().to_owned(),
            subject: event.subject,
            version: event.version,
            occurred_at: event.occurred_at,
            data: event.data.clone(),
        }
    }
}
