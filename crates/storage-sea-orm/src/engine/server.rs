//! What the servers have in common.

use std::time::Duration;

use sea_orm::{ConnectOptions, TransactionOptions};

use crate::options::StorageOptions;

/// A connection that nobody used for so long is asked whether it is still there before it is used again. Under load none
/// is, and no round trip is spent.
const IDLE: Duration = Duration::from_secs(1);

/// `BEGIN`: isolation, access and time-outs are those of the connection.
pub(super) const AS_CONNECTED: TransactionOptions =
    TransactionOptions { isolation_level: None, access_mode: None, sqlite_transaction_mode: None };

/// How many statements a connection keeps prepared. Each has one text, so this is more than all that there are.
pub(super) const PREPARED: usize = 512;

/// How long an instance waits for another that changes the schema.
pub(super) const MIGRATION: Duration = Duration::from_mins(10);

/// A pool of at most so many connections.
pub(super) fn pool(url: String, options: &StorageOptions, connections: u32) -> ConnectOptions {
    let mut pool = ConnectOptions::new(url);
    pool.min_connections(1)
        .max_connections(connections.max(1))
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire_if_idle_for(IDLE)
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    pool
}
