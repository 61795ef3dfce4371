//! How to connect.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jangteo_shared_kernel::{ProductId, StorageError};
#[cfg(feature = "server")]
use jangteo_tls::Protection;

#[cfg(feature = "server")]
use crate::engine::Engine;

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
    /// The database, such as `sqlite://data/jangteo.db`, `postgres://shop:secret@db/jangteo` or
    /// `mysql://shop:secret@db/jangteo`. A file is made if it is not there; its folder is not, nor is a server's database.
    /// On another machine it is connected to by TLS, and verified, unless `sslmode` or `ssl-mode` says otherwise (ADR-043).
    pub url: String,
    /// Replicas of the server, each a URL like `url`. They answer reads that may be late (ADR-037), and need not be there.
    pub replica_urls: Vec<String>,
    /// How many connections transactions run on, on a server; at least one. An embedded database has one writer.
    pub writers: u32,
    /// How many connections serve reads outside transactions, and so many on each replica; at least one.
    pub readers: u32,
    /// How long to wait for a free connection. Then it is [`StorageError::Unavailable`], never a hang.
    pub acquire_timeout: Duration,
    /// How long to wait for a lock that somebody else holds; MySQL and MariaDB count whole seconds.
    pub busy_timeout: Duration,
    /// How long a statement of a transaction may run on a server, and how long a transaction may stand idle there. The
    /// first is kept by PostgreSQL and MariaDB, and for reads by MySQL; the second by PostgreSQL and MariaDB.
    pub statement_timeout: Duration,
    /// Told of every statement but BEGIN, COMMIT and ROLLBACK; for tests that count them.
    pub on_statement: Option<StatementHook>,
    /// Told of every product that is written; for caches that have to forget it at once (ADR-034).
    pub on_written_products: Option<WrittenProductsHook>,
}

impl StorageOptions {
    /// 16 writers where there may be several, 8 readers, 10 seconds for a connection, 5 for a lock, 30 for a statement.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            replica_urls: Vec::new(),
            writers: 16,
            readers: 8,
            acquire_timeout: Duration::from_secs(10),
            busy_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            on_statement: None,
            on_written_products: None,
        }
    }
}

impl fmt::Debug for StorageOptions {
    /// Leaves out the URLs, which may hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StorageOptions")
            .field("writers", &self.writers)
            .field("readers", &self.readers)
            .field("acquire_timeout", &self.acquire_timeout)
            .field("busy_timeout", &self.busy_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .finish_non_exhaustive()
    }
}

/// Why a storage cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL names an engine that this build does not have.
    #[error("the database URL begins with {scheme:?}, an engine that this build does not have")]
    UnsupportedEngine {
        /// What the URL begins with.
        scheme: String,
    },
    /// The URL of a server cannot be read. It may hold a password, so it is not repeated.
    #[error("the URL cannot be used: {0}")]
    InvalidUrl(String),
    /// There is no connection that is encrypted as the URL asks, and why.
    #[error("there is no encrypted connection: {0}")]
    NotEncrypted(String),
    /// A replica cannot be used as its URL says.
    #[error("replica {number}")]
    Replica {
        /// Its place in the options, from 1.
        number: usize,
        /// What is wrong.
        #[source]
        error: Box<Self>,
    },
    /// A replica is of another engine than the primary, or the primary is embedded and has none.
    #[error("a replica has to be of the same engine as the database, which has to be on a server")]
    NoReplica,
    /// The URL names a database in memory, of which every connection would have its own.
    #[error("a SQLite database has to be a file, such as sqlite://data/jangteo.db")]
    InMemory,
    /// A restore is putting another file in the place of an embedded database.
    #[error("a restore is putting another database there; try again when it is done")]
    BeingRestored,
    /// The database does not open.
    #[error("the database cannot be opened")]
    Storage(#[from] StorageError),
}

/// What stands between a connection to a database and whoever is on its way. The URL is checked, but not the files that it
/// names.
#[cfg(feature = "server")]
pub fn protection(url: &str) -> Result<Protection, ConnectError> {
    Engine::of(url)?.protection(url)
}
