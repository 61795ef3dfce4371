//! Point accounts inside a transaction.

use std::collections::{BTreeMap, BTreeSet};

use jangteo_point::{PointAccount, PointAccounts, PointEntry, PointRepository, PointSpendings};
use jangteo_shared_kernel::{PaymentId, PointLotId, StorageError, Timestamp, UserId};
use sea_orm::Value;
use uuid::Uuid;

use crate::SeaOrmTransaction;
use crate::entity::{point_accounts, point_history, point_lot_movements, point_lots};
use crate::rows;
use crate::set::{InsertSet, SelectDue, SelectSet, UpdateSet};

static LOCK: SelectSet<point_accounts::Entity> = SelectSet::locking(&[point_accounts::Column::UserId]);
/// Lots change only under the lock of their account, so they need none.
pub(crate) static OPEN_LOTS_OF: SelectSet<point_lots::Entity> =
    SelectSet::by_where(&[point_lots::Column::UserId], "t.remaining > 0");
/// Whose accounts to look at; what is due is decided under their locks.
static DUE_LOTS: SelectDue<point_lots::Entity> =
    SelectDue::by_where(point_lots::Column::ExpiresAt, "t.remaining > 0");
static LOCK_FREE: SelectSet<point_accounts::Entity> =
    SelectSet::locking_free(&[point_accounts::Column::UserId]);
static ENTRIES_OF_PAYMENTS: SelectSet<point_history::Entity> =
    SelectSet::by(&[point_history::Column::PaymentId]);
static MOVEMENTS_OF: SelectSet<point_lot_movements::Entity> =
    SelectSet::by(&[point_lot_movements::Column::HistoryId]);
static LOTS: SelectSet<point_lots::Entity> = SelectSet::by(&[point_lots::Column::Id]);
static ACCOUNTS: SelectSet<point_accounts::Entity> = SelectSet::by(&[point_accounts::Column::UserId]);
static INSERT: InsertSet<point_accounts::Entity> = InsertSet::new();
static SAVE: UpdateSet<point_accounts::Entity> =
    UpdateSet::setting(&[point_accounts::Column::Balance, point_accounts::Column::Sequence]);
static INSERT_LOTS: InsertSet<point_lots::Entity> = InsertSet::new();
static INSERT_HISTORY: InsertSet<point_history::Entity> = InsertSet::new();
static INSERT_MOVEMENTS: InsertSet<point_lot_movements::Entity> = InsertSet::new();
static MOVE_LOTS: UpdateSet<point_lots::Entity> = UpdateSet::adding(&[point_lots::Column::Remaining]);

impl SeaOrmTransaction {
    async fn with_open_lots(&self, found: Vec<point_accounts::Model>) -> Result<PointAccounts, StorageError> {
        let keys = found.iter().map(|row| vec![row.user_id.into()]).collect();
        let lots = self.lane.select(&OPEN_LOTS_OF, keys).await?;
        let accounts = rows::points::accounts(found, lots)?;
        Ok(accounts.into_iter().map(|account| (account.user, account)).collect())
    }
}

impl PointRepository for SeaOrmTransaction {
    async fn lock_point_accounts(&mut self, users: &BTreeSet<UserId>) -> Result<PointAccounts, StorageError> {
        let found = self.lane.select(&LOCK, rows::keys(users)).await?;
        self.with_open_lots(found).await
    }

    async fn lock_due_point_accounts(
        &mut self,
        now: Timestamp,
        most: u32,
    ) -> Result<PointAccounts, StorageError> {
        let due = self.lane.select_due(&DUE_LOTS, now, most).await?;
        let found = self.lane.select(&LOCK_FREE, each_once(due.iter().map(|lot| lot.user_id))).await?;
        let mut accounts = self.with_open_lots(found).await?;
        // Between the look and the lock somebody else may have written it off.
        accounts.retain(|_, account| account.lots.iter().any(|lot| !lot.is_live(now)));
        Ok(accounts)
    }

    async fn find_point_spendings(
        &mut self,
        payments: &BTreeSet<PaymentId>,
    ) -> Result<PointSpendings, StorageError> {
        let history = self.lane.select(&ENTRIES_OF_PAYMENTS, rows::keys(payments)).await?;
        let movements = each_once(history.iter().filter(|row| rows::points::spends(row)).map(|row| row.id));
        let movements = self.lane.select(&MOVEMENTS_OF, movements).await?;
        let lots = self.lane.select(&LOTS, each_once(movements.iter().map(|row| row.lot_id))).await?;
        let accounts = self.lane.select(&ACCOUNTS, each_once(history.iter().map(|row| row.user_id))).await?;
        rows::points::spendings(history, movements, &lots, &accounts)
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
        let new_lots = entries.iter().flat_map(rows::points::new_lot_rows).collect::<Vec<_>>();
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

/// Ids as the keys of a set, ascending.
fn each_once(ids: impl Iterator<Item = Uuid>) -> Vec<Vec<Value>> {
    let ids: BTreeSet<Uuid> = ids.collect();
    ids.into_iter().map(|id| vec![id.into()]).collect()
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
