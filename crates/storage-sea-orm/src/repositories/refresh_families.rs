//! Log-ins inside a transaction.

use std::collections::{BTreeMap, BTreeSet};

use jangteo_shared_kernel::{RefreshFamilyId, StorageError, UserId};
use jangteo_user::{RefreshFamily, RefreshFamilyRepository};

use crate::SeaOrmTransaction;
use crate::entity::refresh_families;
use crate::entity::refresh_families::Column;
use crate::rows;
use crate::set::{InsertSet, SelectSet, UpdateSet};

static LOCK: SelectSet<refresh_families::Entity> = SelectSet::locking(&[Column::Id]);
/// Unlocked: rows are locked in ascending id, and these come by user.
static OPEN_OF: SelectSet<refresh_families::Entity> =
    SelectSet::by_where(&[Column::UserId], "t.ended_at IS NULL");
static INSERT: InsertSet<refresh_families::Entity> = InsertSet::new();
static SAVE: UpdateSet<refresh_families::Entity> =
    UpdateSet::setting(&[Column::CurrentHash, Column::ExpiresAt, Column::EndedAt]);

impl RefreshFamilyRepository for SeaOrmTransaction {
    async fn lock_refresh_families(
        &mut self,
        ids: &BTreeSet<RefreshFamilyId>,
    ) -> Result<BTreeMap<RefreshFamilyId, RefreshFamily>, StorageError> {
        let found = self.lane.select(&LOCK, rows::keys(ids)).await?;
        let families = found
            .into_iter()
            .map(|row| rows::refresh_families::family(row).map(|family| (family.id, family)));
        families.collect()
    }

    async fn lock_open_refresh_families_of(
        &mut self,
        users: &BTreeSet<UserId>,
    ) -> Result<Vec<RefreshFamily>, StorageError> {
        let open = self.lane.select(&OPEN_OF, rows::keys(users)).await?;
        let ids = open.into_iter().map(|row| RefreshFamilyId::from_uuid(row.id)).collect();
        let locked = self.lock_refresh_families(&ids).await?;
        // One may have ended while this transaction waited for it.
        Ok(locked.into_values().filter(|family| family.ended_at.is_none()).collect())
    }

    async fn insert_refresh_families(&mut self, new: &[RefreshFamily]) -> Result<(), StorageError> {
        let new: Vec<_> = new.iter().map(rows::refresh_families::row).collect();
        self.lane.insert(&INSERT, &new).await
    }

    async fn save_refresh_families(&mut self, changed: &[RefreshFamily]) -> Result<(), StorageError> {
        let changed: Vec<_> = changed.iter().map(rows::refresh_families::row).collect();
        self.lane.update(&SAVE, &changed).await
    }
}
