//! Events.

use std::collections::BTreeSet;

use jangteo_application::{AggregatePosition, Event, Outbox, OutboxQueries, StoredEvent, UndeliveredEvents};
use jangteo_shared_kernel::{EventId, StorageError};

use crate::unique::Unique;
use crate::{MemoryStorage, MemoryTransaction};

/// Where an undelivered event stands.
pub(crate) type Place = (AggregatePosition, i64, EventId);

pub(crate) fn place(event: &StoredEvent) -> Place {
    (event.position(), event.version, event.id)
}

impl Outbox for MemoryTransaction {
    async fn append_events(&mut self, events: &[Event]) -> Result<(), StorageError> {
        let state = self.shared.state();
        self.claims.take(&state.unique, events.iter().map(|event| Unique::Event(event.id)).collect())?;
        self.events.extend_from_slice(events);
        Ok(())
    }
}

impl UndeliveredEvents for MemoryTransaction {
    async fn list_undelivered_events(
        &mut self,
        after: Option<&AggregatePosition>,
        most: u32,
    ) -> Result<Vec<StoredEvent>, StorageError> {
        let state = self.shared.state();
        let own: Vec<StoredEvent> = self.events.iter().map(StoredEvent::from).collect();
        let mut events: Vec<&StoredEvent> = state
            .undelivered
            .values()
            .chain(&own)
            .filter(|event| !self.delivered.contains(&event.id))
            .filter(|event| Some(&event.position()) > after)
            .collect();
        events.sort_by_cached_key(|event| place(event));
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Ok(events.into_iter().take(most).cloned().collect())
    }

    async fn delete_delivered_events(&mut self, ids: &BTreeSet<EventId>) -> Result<u64, StorageError> {
        let state = self.shared.state();
        let undelivered = state.undelivered.values().map(|event| event.id);
        let there = undelivered.chain(self.events.iter().map(|event| event.id));
        let gone: Vec<EventId> =
            there.filter(|id| ids.contains(id) && !self.delivered.contains(id)).collect();
        let count = u64::try_from(gone.len()).unwrap_or(u64::MAX);
        self.delivered.extend(gone);
        Ok(count)
    }
}

impl OutboxQueries for MemoryStorage {
    async fn last_undelivered_event(&self) -> Result<Option<AggregatePosition>, StorageError> {
        Ok(self.shared.state().undelivered.keys().next_back().map(|(position, ..)| position.clone()))
    }
}
