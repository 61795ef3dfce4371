//! Leases.

use std::collections::BTreeSet;
use std::slice::from_ref;

use jangteo_application::{Lease, LeaseName, LeaseRepository};
use jangteo_shared_kernel::StorageError;

use crate::MemoryTransaction;

impl LeaseRepository for MemoryTransaction {
    async fn lock_lease(&mut self, name: LeaseName) -> Result<Option<Lease>, StorageError> {
        let names = BTreeSet::from([name]);
        Ok(self.leases.lock(&self.shared, |state| &state.leases, &names).await?.remove(&name))
    }

    async fn insert_lease(&mut self, new: &Lease) -> Result<(), StorageError> {
        let state = self.shared.state();
        self.leases.insert(&state.leases, [(new.name, *new)])
    }

    async fn save_lease(&mut self, changed: &Lease) -> Result<(), StorageError> {
        let state = self.shared.state();
        self.leases.check_held(from_ref(&changed.name))?;
        self.leases.change(&state.leases, &changed.name, |row| *row = *changed);
        Ok(())
    }
}
