//! Stored answers.

use std::collections::{BTreeMap, BTreeSet};

use jangteo_application::{IdempotencyQueries, IdempotencyRecord, IdempotencyRepository, RecordKey};
use jangteo_shared_kernel::{StorageError, Timestamp};

use crate::{MemoryStorage, MemoryTransaction};

impl IdempotencyRepository for MemoryTransaction {
    async fn find_idempotency_records(
        &mut self,
        keys: &BTreeSet<RecordKey>,
    ) -> Result<BTreeMap<RecordKey, IdempotencyRecord>, StorageError> {
        let state = self.shared.state();
        let find = |key: &RecordKey| self.idempotency_records.get(&state.idempotency_records, key).cloned();
        Ok(keys.iter().filter_map(|key| Some((key.clone(), find(key)?))).collect())
    }

    async fn insert_idempotency_records(&mut self, new: &[IdempotencyRecord]) -> Result<(), StorageError> {
        let state = self.shared.state();
        let rows = new.iter().map(|record| ((record.mark.user, record.mark.key.clone()), record.clone()));
        self.idempotency_records.insert(&state.idempotency_records, rows)
    }

    /// The oldest go first; what another transaction is deleting is left to it.
    async fn delete_idempotency_records_before(
        &mut self,
        cutoff: Timestamp,
        most: u32,
    ) -> Result<u64, StorageError> {
        let state = self.shared.state();
        let rows = self.idempotency_records.rows(&state.idempotency_records);
        let mut old: Vec<(Timestamp, RecordKey)> = rows
            .filter(|(_, record)| record.created_at < cutoff)
            .map(|(key, record)| (record.created_at, key.clone()))
            .collect();
        old.sort();
        let keys = old.into_iter().map(|(_, key)| key);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let gone = self.idempotency_records.delete_free(&state.idempotency_records, keys, most);
        Ok(u64::try_from(gone).unwrap_or(u64::MAX))
    }
}

impl IdempotencyQueries for MemoryStorage {
    async fn find_committed_records(
        &self,
        keys: &BTreeSet<RecordKey>,
    ) -> Result<BTreeMap<RecordKey, IdempotencyRecord>, StorageError> {
        let state = self.shared.state();
        let found =
            keys.iter().filter_map(|key| Some((key.clone(), state.idempotency_records.get(key)?.clone())));
        Ok(found.collect())
    }
}
