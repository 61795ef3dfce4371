//! Point accounts inside a transaction.

use std::collections::{BTreeMap, BTreeSet};

use jangteo_point::{PointAccount, PointAccounts, PointEntry, PointRepository};
use jangteo_shared_kernel::{PointLotId, StorageError, UserId};

use crate::SeaOrmTransaction;
use crate::entity::{point_accounts, point_history, point_lot_movements, point_lots};
use crate::rows;
use crate::set::{InsertSet, SelectSet, UpdateSet};

static LOCK: SelectSet<point_accounts::Entity> = SelectSet::locking(&[point_accounts::Column::UserId]);
/// Lots change only under the lock of their account, so they need none.
pub(crate) static OPEN_LOTS_OF: SelectSet<point_lots::Entity> =
    SelectSet::by_where(&[point_lots::Column::UserId], "t.remaining > 0");
static INSERT: InsertSet<point_accounts::Entity> = InsertSet::new();
static SAVE: UpdateSet<point_accounts::Entity> =
    UpdateSet::setting(&[point_accounts::Column::Balance, point_accounts::Column::Sequence]);
static INSERT_LOTS: InsertSet<point_lots::Entity> = InsertSet::new();
static INSERT_HISTORY: InsertSet<point_history::Entity> = InsertSet::new();
static INSERT_MOVEMENTS: InsertSet<point_lot_movements::Entity> = InsertSet::new();
static MOVE_LOTS: UpdateSet<point_lots::Entity> = UpdateSet::adding(&[point_lots::Column::Remaining]);

impl PointRepository for SeaOrmTransaction {
    async fn lock_point_accounts(&mut self, users: &BTreeSet<UserId>) -> Result<PointAccounts, StorageError> {
        let found = self.lane.select(&LOCK, rows::keys(users)).await?;
        let keys = found.iter().map(|row| vec![row.user_id.into()]).collect();
        let lots = self.lane.select(&OPEN_LOTS_OF, keys).await?;
        let accounts = rows::points::accounts(found, lots)?;
        Ok(accounts.into_iter().map(|account| (account.user, account)).collect())
    }

    async fn insert_point_accounts(&mut self, new: &[PointAccount]) -> Result<(), StorageError> {
        let new: Vec<_> = new.iter().map(rows::points::account_row).collect();
        self.lane.insert(&INSERT, &new).await
    }

    async fn save_points(
        &mut self,
        changed: &[PointAccount],
        entries: &[PointEntry],
    ) -> Result<(), StorageError> {
        let accounts: Vec<_> = changed.iter().map(rows::points::account_row).collect();
        let new_lots = entries.iter().filter_map(|entry| entry.new_lot.as_ref().map(|lot| (entry.user, lot)));
        let new_lots: Vec<_> = new_lots.map(|(user, lot)| rows::points::new_lot_row(user, lot)).collect();
        let history: Vec<_> = entries.iter().map(rows::points::entry_row).collect();
        let mut movements = Vec::new();
        for entry in entries {
            movements.extend(rows::points::movement_rows(entry)?);
        }
        let moved = moved_lots(entries)?;

        self.lane.update(&SAVE, &accounts).await?;
        self.lane.insert(&INSERT_LOTS, &new_lots).await?;
        self.lane.insert(&INSERT_HISTORY, &history).await?;
        self.lane.insert(&INSERT_MOVEMENTS, &movements).await?;
        let moved = moved.iter().map(|(lot, amount)| vec![lot.as_uuid().into(), (*amount).into()]).collect();
        self.lane.update_by(&MOVE_LOTS, moved).await
    }
}

/// By how much all entries together move each lot, new ones too. What remains of a lot is the sum of its movements
/// and nothing else, so nothing is lost or invented between the history and the lots.
fn moved_lots(entries: &[PointEntry]) -> Result<BTreeMap<PointLotId, i64>, StorageError> {
    let mut moved: BTreeMap<PointLotId, i64> = BTreeMap::new();
    for movement in entries.iter().flat_map(|entry| &entry.movements) {
        let sum = moved.entry(movement.lot).or_default();
        *sum = sum.checked_add(movement.amount.amount()).ok_or_else(|| {
            StorageError::Fatal(format!("the movements of point lot {} do not fit", movement.lot).into())
        })?;
    }
    Ok(moved)
}
