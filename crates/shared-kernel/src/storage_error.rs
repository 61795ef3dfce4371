//! What can go wrong in a storage, as far as a use case cares.

use std::error::Error;

/// The underlying error, for logs. Clients never see it.
pub type Cause = Box<dyn Error + Send + Sync>;

/// A fault of the storage. A refusal ("out of stock") is never one of these: it is a value, decided in memory.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// A race was lost (deadlock, serialisation failure, unique violation). The whole transaction may run again.
    #[error("the transaction lost a race")]
    Transient(#[source] Cause),
    /// The storage cannot be reached or did not answer in time; nobody knows for how long, or whether a commit
    /// that was under way took effect. Never run again by us.
    #[error("the storage is unavailable")]
    Unavailable(#[source] Cause),
    /// Anything else: a bug, a corrupt row, a full disk.
    #[error("the storage failed")]
    Fatal(#[source] Cause),
}

impl StorageError {
    /// Whether running the whole transaction again may succeed.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Transient(_))
    }
}
