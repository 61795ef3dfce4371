//! How to connect.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jangteo_shared_kernel::{ProductId, StorageError};

/// Called with the text of each statement right before it runs.
pub type StatementHook = Arc<dyn Fn(&str) + Send + Sync>;

/// Called with the products that a transaction has written, right after its commit has ended, and before whoever
/// committed hears of it. Also after a commit that failed, for then it may have happened all the same.
pub type WrittenProductsHook = Arc<dyn Fn(&WrittenProducts) + Send + Sync>;

/// Products that a transaction has written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WrittenProducts {
    /// Which products.
    pub ids: BTreeSet<ProductId>,
    /// Whether more than stock was written of any of them.
    pub catalogue: bool,
}

/// Where the database is, and how long to wait for it.
#[derive(Clone)]
#[non_exhaustive]
pub struct StorageOptions {
    /// The database, such as `sqlite://data/jangteo.db`. The file is made if it is not there; its folder is not.
    pub url: String,
    /// How many connections serve reads outside transactions; at least one.
    pub readers: u32,
    /// How long to wait for a free connection. Then it is [`StorageError::Unavailable`], never a hang.
    pub acquire_timeout: Duration,
    /// How long to wait for a lock that another process holds.
    pub busy_timeout: Duration,
    /// Told of every statement but BEGIN, COMMIT and ROLLBACK; for tests that count them.
    pub on_statement: Option<StatementHook>,
    /// Told of every product that is written; for caches that have to forget it at once (ADR-034).
    pub on_written_products: Option<WrittenProductsHook>,
}

impl StorageOptions {
    /// Four readers, 10 seconds for a connection, 5 for another process.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            readers: 4,
            acquire_timeout: Duration::from_secs(10),
            busy_timeout: Duration::from_secs(5),
            on_statement: None,
            on_written_products: None,
        }
    }
}

impl fmt::Debug for StorageOptions {
    /// Leaves out the URL, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StorageOptions")
            .field("readers", &self.readers)
            .field("acquire_timeout", &self.acquire_timeout)
            .field("busy_timeout", &self.busy_timeout)
            .finish_non_exhaustive()
    }
}

/// Why a storage cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL names an engine that this build does not have.
    #[error("the database URL begins with {scheme:?}; this build supports sqlite:// only")]
    UnsupportedEngine {
        /// What the URL begins with.
        scheme: String,
    },
    /// The URL names a database in memory, of which every connection would have its own.
    #[error("a SQLite database has to be a file, such as sqlite://data/jangteo.db")]
    InMemory,
    /// The database does not open.
    #[error("the database cannot be opened")]
    Storage(#[from] StorageError),
}
