//! Rows with locks, and what a transaction does to them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jangteo_shared_kernel::StorageError;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::fault::{broken, lost_race};
use crate::state::{Shared, State};

struct Row<V> {
    lock: Arc<Mutex<()>>,
    value: V,
}

/// The committed rows of a table by primary key.
pub(crate) struct Table<K, V>(BTreeMap<K, Row<V>>);

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord, V> Table<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.0.get(key).map(|row| &row.value)
    }

    pub(crate) fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.0.values().map(|row| &row.value)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// What a transaction holds and has changed of a table.
pub(crate) struct Working<K, V> {
    locks: BTreeMap<K, OwnedMutexGuard<()>>,
    /// New and changed rows.
    staged: BTreeMap<K, V>,
    inserted: BTreeSet<K>,
    deleted: BTreeSet<K>,
}

impl<K, V> Default for Working<K, V> {
    fn default() -> Self {
        Self {
            locks: BTreeMap::new(),
            staged: BTreeMap::new(),
            inserted: BTreeSet::new(),
            deleted: BTreeSet::new(),
        }
    }
}

impl<K: Ord + Clone, V: Clone> Working<K, V> {
    /// Waits for the rows in ascending key and reads them as they are then. Rows that nobody has committed have no
    /// lock: they are unknown, or this transaction's own.
    pub(crate) async fn lock(
        &mut self,
        shared: &Shared,
        table: fn(&State) -> &Table<K, V>,
        keys: &BTreeSet<K>,
    ) -> Result<BTreeMap<K, V>, StorageError> {
        let wanted: Vec<(K, Arc<Mutex<()>>)> = {
            let state = shared.state();
            let rows = &table(&state).0;
            let unheld = keys.iter().filter(|key| !self.locks.contains_key(key));
            unheld.filter_map(|key| rows.get(key).map(|row| (key.clone(), Arc::clone(&row.lock)))).collect()
        };
        for (key, lock) in wanted {
            self.locks.insert(key, shared.wait_for(lock).await?);
        }
        let state = shared.state();
        // One that was committed meanwhile is not held.
        let held = keys.iter().filter(|key| self.holds(key));
        Ok(held.filter_map(|key| Some((key.clone(), self.get(table(&state), key)?.clone()))).collect())
    }

    /// Whether nobody else can change the row, as this transaction has locked or added it.
    fn holds(&self, key: &K) -> bool {
        self.locks.contains_key(key) || self.inserted.contains(key)
    }

    /// Locks rows that nobody else holds, at most so many, and reads them.
    pub(crate) fn lock_free(
        &mut self,
        table: &Table<K, V>,
        keys: impl IntoIterator<Item = K>,
        most: usize,
    ) -> BTreeMap<K, V> {
        let mut locked = BTreeMap::new();
        for key in keys {
            if locked.len() == most {
                break;
            }
            if self.try_hold(table, &key)
                && let Some(value) = self.get(table, &key).cloned()
            {
                locked.insert(key, value);
            }
        }
        locked
    }

    /// Takes the lock of a row unless somebody else has it.
    fn try_hold(&mut self, table: &Table<K, V>, key: &K) -> bool {
        if self.holds(key) {
            return true;
        }
        let free = table.0.get(key).map(|row| Arc::clone(&row.lock).try_lock_owned());
        let Some(Ok(guard)) = free else { return false };
        self.locks.insert(key.clone(), guard);
        true
    }

    /// A row as this transaction sees it.
    pub(crate) fn get<'a>(&'a self, table: &'a Table<K, V>, key: &K) -> Option<&'a V> {
        if self.deleted.contains(key) {
            return None;
        }
        self.staged.get(key).or_else(|| table.get(key))
    }

    /// All rows as this transaction sees them, in no particular order.
    pub(crate) fn rows<'a>(&'a self, table: &'a Table<K, V>) -> impl Iterator<Item = (&'a K, &'a V)> {
        let untouched = |key: &K| !self.staged.contains_key(key) && !self.deleted.contains(key);
        let committed =
            table.0.iter().filter(move |(key, _)| untouched(key)).map(|(key, row)| (key, &row.value));
        committed.chain(&self.staged)
    }

    /// Adds rows, all of them or none.
    pub(crate) fn insert(
        &mut self,
        table: &Table<K, V>,
        rows: impl IntoIterator<Item = (K, V)>,
    ) -> Result<(), StorageError> {
        let mut fresh = BTreeMap::new();
        for (key, value) in rows {
            if self.get(table, &key).is_some() || fresh.insert(key, value).is_some() {
                return Err(lost_race("a primary key"));
            }
        }
        for key in fresh.keys() {
            // A row in the place of one that this transaction has deleted, and so holds, is a change of it.
            if !self.deleted.remove(key) {
                self.inserted.insert(key.clone());
            }
        }
        self.staged.append(&mut fresh);
        Ok(())
    }

    /// `Fatal` unless this transaction has locked or added these rows.
    pub(crate) fn check_held<'a>(&self, keys: impl IntoIterator<Item = &'a K>) -> Result<(), StorageError>
    where
        K: 'a,
    {
        if keys.into_iter().all(|key| self.holds(key)) {
            Ok(())
        } else {
            Err(broken("a row was saved that this transaction has not locked"))
        }
    }

    /// Changes a row that was checked to be held.
    pub(crate) fn change(&mut self, table: &Table<K, V>, key: &K, change: impl FnOnce(&mut V)) {
        if let Some(mut value) = self.get(table, key).cloned() {
            change(&mut value);
            self.staged.insert(key.clone(), value);
        }
    }

    /// Deletes rows that nobody else holds, at most so many, and says how many.
    pub(crate) fn delete_free(
        &mut self,
        table: &Table<K, V>,
        keys: impl IntoIterator<Item = K>,
        most: usize,
    ) -> usize {
        let mut gone = 0;
        for key in keys {
            if gone == most {
                break;
            }
            if self.staged.remove(&key).is_none() || !self.inserted.remove(&key) {
                if !self.try_hold(table, &key) {
                    continue;
                }
                self.deleted.insert(key);
            }
            gone += 1;
        }
        gone
    }

    /// `Transient` if somebody has committed a row under the key of a new one.
    pub(crate) fn check(&self, table: &Table<K, V>) -> Result<(), StorageError> {
        let taken = |key: &K| table.0.contains_key(key) && !self.deleted.contains(key);
        if self.inserted.iter().any(taken) { Err(lost_race("a primary key")) } else { Ok(()) }
    }

    pub(crate) fn apply(&mut self, table: &mut Table<K, V>) {
        for key in &self.deleted {
            table.0.remove(key);
        }
        for (key, value) in std::mem::take(&mut self.staged) {
            match table.0.get_mut(&key) {
                Some(row) => row.value = value,
                None => {
                    table.0.insert(key, Row { lock: Arc::default(), value });
                }
            }
        }
    }
}
