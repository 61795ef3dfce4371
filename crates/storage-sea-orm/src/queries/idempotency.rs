//! Stored answers outside transactions.

use std::collections::{BTreeMap, BTreeSet};

use jangteo_application::{IdempotencyQueries, IdempotencyRecord, RecordKey};
use jangteo_shared_kernel::StorageError;

use crate::SeaOrmStorage;
use crate::repositories::idempotency::{FIND, by_key, key_values};

impl IdempotencyQueries for SeaOrmStorage {
    /// A replica MUST NOT answer this, and none does.
    async fn find_committed_records(
        &self,
        keys: &BTreeSet<RecordKey>,
    ) -> Result<BTreeMap<RecordKey, IdempotencyRecord>, StorageError> {
        by_key(self.reader.select(&FIND, keys.iter().map(key_values).collect()).await?)
    }
}
