//! What a set has changed.

use std::collections::{BTreeMap, BTreeSet};

/// The rows of these ids out of all that were locked, ready to be saved.
pub(crate) fn changed<K: Ord, V: Clone>(locked: &BTreeMap<K, V>, ids: &BTreeSet<K>) -> Vec<V> {
    ids.iter().filter_map(|id| locked.get(id)).cloned().collect()
}
