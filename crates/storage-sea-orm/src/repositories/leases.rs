//! Leases inside a transaction.

use std::slice::from_ref;

use jangteo_application::{Lease, LeaseHolderId, LeaseName, LeaseRepository};
use jangteo_shared_kernel::StorageError;

use crate::SeaOrmTransaction;
use crate::entity::leases;
use crate::entity::leases::Column;
use crate::set::{InsertSet, SelectSet, UpdateSet};

static LOCK: SelectSet<leases::Entity> = SelectSet::locking(&[Column::Name]);
static INSERT: InsertSet<leases::Entity> = InsertSet::new();
static SAVE: UpdateSet<leases::Entity> = UpdateSet::setting(&[Column::Holder, Column::ExpiresAt]);

impl LeaseRepository for SeaOrmTransaction {
    async fn lock_lease(&mut self, name: LeaseName) -> Result<Option<Lease>, StorageError> {
        let found = self.lane.select(&LOCK, vec![vec![name.name().into()]]).await?.pop();
        Ok(found.map(|row| Lease {
            name,
            holder: LeaseHolderId::from_uuid(row.holder),
            expires_at: row.expires_at,
        }))
    }

    async fn insert_lease(&mut self, new: &Lease) -> Result<(), StorageError> {
        self.lane.insert(&INSERT, from_ref(&row(new))).await
    }

    async fn save_lease(&mut self, changed: &Lease) -> Result<(), StorageError> {
        self.lane.update(&SAVE, from_ref(&row(changed))).await
    }
}

fn row(lease: &Lease) -> leases::Model {
    leases::Model {
        name: lease.name.name().to_owned(),
        holder: lease.holder.as_uuid(),
        expires_at: lease.expires_at,
    }
}
