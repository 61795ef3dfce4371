//! Log-ins.

use std::collections::{BTreeMap, BTreeSet};

use jangteo_shared_kernel::{RefreshFamilyId, StorageError, UserId};
use jangteo_user::{RefreshFamily, RefreshFamilyRepository};

use crate::MemoryTransaction;

impl RefreshFamilyRepository for MemoryTransaction {
    async fn lock_refresh_families(
        &mut self,
        ids: &BTreeSet<RefreshFamilyId>,
    ) -> Result<BTreeMap<RefreshFamilyId, RefreshFamily>, StorageError> {
        self.refresh_families.lock(&self.shared, |state| &state.refresh_families, ids).await
    }

    async fn lock_open_refresh_families_of(
        &mut self,
        users: &BTreeSet<UserId>,
    ) -> Result<Vec<RefreshFamily>, StorageError> {
        let open = |family: &RefreshFamily| users.contains(&family.user) && family.ended_at.is_none();
        let ids = {
            let state = self.shared.state();
            let rows = self.refresh_families.rows(&state.refresh_families);
            rows.filter(|(_, family)| open(family)).map(|(id, _)| *id).collect()
        };
        // Some may have ended while this one waited.
        let locked = self.lock_refresh_families(&ids).await?;
        Ok(locked.into_values().filter(open).collect())
    }

    async fn insert_refresh_families(&mut self, new: &[RefreshFamily]) -> Result<(), StorageError> {
        let state = self.shared.state();
        self.refresh_families
            .insert(&state.refresh_families, new.iter().map(|family| (family.id, family.clone())))
    }

    async fn save_refresh_families(&mut self, changed: &[RefreshFamily]) -> Result<(), StorageError> {
        let state = self.shared.state();
        self.refresh_families.check_held(changed.iter().map(|family| &family.id))?;
        for family in changed {
            self.refresh_families.change(&state.refresh_families, &family.id, |row| row.clone_from(family));
        }
        Ok(())
    }
}
