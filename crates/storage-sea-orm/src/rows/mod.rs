//! Rows and aggregates: what is written of an aggregate, and how it is read back.
//!
//! A row that cannot be read is [`jangteo_shared_kernel::StorageError::Fatal`] and is named by table, column and id.

pub(crate) mod coupons;
pub(crate) mod orders;
pub(crate) mod outbox;
pub(crate) mod payments;
pub(crate) mod points;
pub(crate) mod products;
pub(crate) mod refresh_families;
pub(crate) mod refunds;
pub(crate) mod sales;
pub(crate) mod users;

use std::collections::BTreeSet;

use jangteo_shared_kernel::Id;
use sea_orm::Value;

/// Ids as the keys of a set, in their order.
pub(crate) fn keys<K>(ids: &BTreeSet<Id<K>>) -> Vec<Vec<Value>> {
    ids.iter().map(|id| vec![id.as_uuid().into()]).collect()
}
