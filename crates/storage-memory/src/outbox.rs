//! Events.

use jangteo_application::{Event, Outbox};
use jangteo_shared_kernel::StorageError;

use crate::MemoryTransaction;
use crate::unique::Unique;

impl Outbox for MemoryTransaction {
    async fn append_events(&mut self, events: &[Event]) -> Result<(), StorageError> {
        let state = self.shared.state();
        self.claims.take(&state.unique, events.iter().map(|event| Unique::Event(event.id)).collect())?;
        self.events.extend_from_slice(events);
        Ok(())
    }
}
