//! The storage.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jangteo_application::Event;
use jangteo_product::StockAdjustment;
use jangteo_shared_kernel::{ProductId, StorageError, UnitOfWork};

use crate::MemoryTransaction;
use crate::state::Shared;

/// A storage in memory. A clone is another handle of the same storage.
///
/// Waiting for a row that another transaction holds needs tokio's timer.
#[derive(Clone)]
pub struct MemoryStorage {
    pub(crate) shared: Arc<Shared>,
}

impl MemoryStorage {
    /// How long a transaction waits for a row that another one holds.
    pub const LOCK_WAIT: Duration = Duration::from_secs(5);

    /// An empty storage.
    #[must_use]
    pub fn new() -> Self {
        Self::with_lock_wait(Self::LOCK_WAIT)
    }

    /// An empty storage whose transactions wait so long for a row that another one holds.
    #[must_use]
    pub fn with_lock_wait(lock_wait: Duration) -> Self {
        Self { shared: Arc::new(Shared::new(lock_wait)) }
    }

    /// All events that were told, in the order of their commits.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.shared.state().events.clone()
    }

    /// How many answers are stored.
    #[must_use]
    pub fn idempotency_records(&self) -> usize {
        self.shared.state().idempotency_records.len()
    }

    /// The stock adjustments of a product, in ascending id.
    #[must_use]
    pub fn stock_adjustments(&self, product: ProductId) -> Vec<StockAdjustment> {
        let state = self.shared.state();
        state.stock_adjustments.values().filter(|adjustment| adjustment.product == product).cloned().collect()
    }
}

impl Default for MemoryStorage {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStorage").finish_non_exhaustive()
    }
}

impl UnitOfWork for MemoryStorage {
    type Tx = MemoryTransaction;

    async fn begin(&self) -> Result<MemoryTransaction, StorageError> {
        Ok(MemoryTransaction::new(Arc::clone(&self.shared)))
    }
}
