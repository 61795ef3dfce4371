//! Stored answers outside transactions.

use jangteo_application::{IdempotencyQueries, IdempotencyRecord, RecordKey};
use jangteo_shared_kernel::StorageError;

use crate::SeaOrmStorage;
use crate::repositories::idempotency::{FIND, key_values, record};

impl IdempotencyQueries for SeaOrmStorage {
    /// A replica MUST NOT answer this, and none does.
    async fn find_idempotency_record(
        &self,
        key: &RecordKey,
    ) -> Result<Option<IdempotencyRecord>, StorageError> {
        self.reader.select(&FIND, vec![key_values(key)]).await?.pop().map(record).transpose()
    }
}
