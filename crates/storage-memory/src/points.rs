//! Point accounts.

use std::collections::{BTreeMap, BTreeSet};

use jangteo_point::{
    PointAccount, PointAccounts, PointEntry, PointEntryKind, PointLot, PointPosition, PointQueries,
    PointRepository, PointSpending, PointSpendings, TakenFromLot,
};
use jangteo_shared_kernel::{
    Money, Page, PageRequest, PaymentId, PointLotId, StorageError, Timestamp, UserId,
};

use crate::fault::{broken, check};
use crate::list::page;
use crate::unique::Unique;
use crate::{MemoryStorage, MemoryTransaction};

/// An account with all its lots, those included that have nothing left.
#[derive(Clone)]
pub(crate) struct PointRow {
    pub(crate) user: UserId,
    pub(crate) balance: Money,
    pub(crate) sequence: i64,
    pub(crate) lots: BTreeMap<PointLotId, PointLot>,
}

impl PointRow {
    fn account(&self) -> PointAccount {
        let lots = self.lots.values().filter(|lot| !lot.remaining.is_zero()).copied().collect();
        PointAccount { user: self.user, balance: self.balance, sequence: self.sequence, lots }
    }

    /// Since when a lot has waited for its expiry to be written, if any does at `now`.
    fn due_since(&self, now: Timestamp) -> Option<Timestamp> {
        let due = self.lots.values().filter(|lot| !lot.remaining.is_zero() && !lot.is_live(now));
        due.filter_map(|lot| lot.expires_at).min()
    }

    /// What an entry took for its payment, if it took anything.
    fn spending(&self, entry: &PointEntry) -> Result<Option<PointSpending>, StorageError> {
        let (Some(payment), Some(order)) = (entry.payment, entry.order) else { return Ok(None) };
        let taken = entry.movements.iter().map(|movement| {
            let unknown = || broken("a movement names a lot that the account does not have");
            let lot = *self.lots.get(&movement.lot).ok_or_else(unknown)?;
            let amount = movement.amount.negated().map_err(|_| broken("a movement is too large"))?;
            Ok(TakenFromLot { lot, amount })
        });
        let taken = taken.collect::<Result<Vec<_>, StorageError>>()?;
        let given_back = Money::zero(self.balance.currency());
        Ok((!taken.is_empty()).then_some(PointSpending {
            payment,
            order,
            user: self.user,
            taken,
            given_back,
        }))
    }

    /// Brings in the entry's new lots and moves the lots that it names.
    fn enter(&mut self, entry: &PointEntry) -> Result<(), StorageError> {
        for lot in &entry.new_lots {
            let nothing = Money::zero(lot.amount.currency());
            self.lots.insert(lot.id, PointLot { remaining: nothing, ..*lot });
        }
        for movement in &entry.movements {
            let unknown = || broken("a movement names a lot that the account does not have");
            let lot = self.lots.get_mut(&movement.lot).ok_or_else(unknown)?;
            lot.remaining =
                lot.remaining.plus(movement.amount).map_err(|_| broken("a movement does not fit its lot"))?;
            let within = (0..=lot.amount.amount()).contains(&lot.remaining.amount());
            check(within, "a lot holds less than nothing or more than it started with")?;
        }
        Ok(())
    }

    /// What the account and the entries say must be one story.
    fn check(&self) -> Result<(), StorageError> {
        let remaining = Money::sum(self.balance.currency(), self.lots.values().map(|lot| lot.remaining));
        check(!self.balance.is_negative(), "a balance is below zero")?;
        check(remaining == Ok(self.balance), "a balance is not the sum of its lots")
    }
}

impl PointRepository for MemoryTransaction {
    async fn lock_point_accounts(&mut self, users: &BTreeSet<UserId>) -> Result<PointAccounts, StorageError> {
        let rows = self.points.lock(&self.shared, |state| &state.points, users).await?;
        Ok(rows.iter().map(|(user, row)| (*user, row.account())).collect())
    }

    async fn lock_due_point_accounts(
        &mut self,
        now: Timestamp,
        most: u32,
    ) -> Result<PointAccounts, StorageError> {
        let state = self.shared.state();
        let rows = self.points.rows(&state.points);
        let mut due: Vec<(Timestamp, UserId)> =
            rows.filter_map(|(user, row)| Some((row.due_since(now)?, *user))).collect();
        due.sort_unstable();
        let users = due.into_iter().map(|(_, user)| user);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let rows = self.points.lock_free(&state.points, users, most);
        Ok(rows.iter().map(|(user, row)| (*user, row.account())).collect())
    }

    async fn find_point_spendings(
        &mut self,
        payments: &BTreeSet<PaymentId>,
    ) -> Result<PointSpendings, StorageError> {
        let state = self.shared.state();
        let named = |entry: &PointEntry| entry.payment.is_some_and(|payment| payments.contains(&payment));
        let history = self.point_history.rows(&state.point_history);
        let history: BTreeMap<_, _> = history.filter(|(_, entry)| named(entry)).collect();
        self.points.check_held(history.values().map(|entry| &entry.user))?;
        let mut spendings = PointSpendings::new();
        // An account's entries in the order in which they were made: nothing is given back before it was taken.
        for entry in history.into_values() {
            match entry.kind {
                PointEntryKind::Spent => {
                    let row = self.points.get(&state.points, &entry.user);
                    let spending = row.map(|row| row.spending(entry)).transpose()?.flatten();
                    spendings.extend(spending.map(|spending| (spending.payment, spending)));
                }
                PointEntryKind::Refunded => {
                    let spending = entry.payment.and_then(|payment| spendings.get_mut(&payment));
                    let spending =
                        spending.ok_or_else(|| broken("points were given back that nobody took"))?;
                    let given_back = spending.given_back.plus(entry.amount);
                    spending.given_back = given_back.map_err(|_| broken("too much was given back"))?;
                }
                PointEntryKind::Charged | PointEntryKind::Granted | PointEntryKind::Expired => {}
            }
        }
        Ok(spendings)
    }

    async fn insert_point_accounts(&mut self, new: &[PointAccount]) -> Result<(), StorageError> {
        let empty = |account: &PointAccount| account.lots.is_empty() && account.balance.is_zero();
        check(new.iter().all(empty), "a new account has points already")?;
        let state = self.shared.state();
        let row = |account: &PointAccount| PointRow {
            user: account.user,
            balance: account.balance,
            sequence: account.sequence,
            lots: BTreeMap::new(),
        };
        self.points.insert(&state.points, new.iter().map(|account| (account.user, row(account))))
    }

    async fn save_points(
        &mut self,
        changed: &[PointAccount],
        entries: &[PointEntry],
    ) -> Result<(), StorageError> {
        let state = self.shared.state();
        self.points.check_held(changed.iter().map(|account| &account.user))?;
        self.points.check_held(entries.iter().map(|entry| &entry.user))?;

        let mut rows: BTreeMap<UserId, PointRow> = BTreeMap::new();
        for account in changed {
            if let Some(row) = self.points.get(&state.points, &account.user) {
                let row = PointRow { balance: account.balance, sequence: account.sequence, ..row.clone() };
                rows.insert(account.user, row);
            }
        }
        for entry in entries {
            let row =
                rows.get_mut(&entry.user).ok_or_else(|| broken("an entry's account is not saved with it"))?;
            row.enter(entry)?;
        }
        rows.values().try_for_each(PointRow::check)?;

        let ids = entries.iter().map(|entry| Unique::PointEntry(entry.id));
        let lots = entries.iter().flat_map(|entry| &entry.new_lots).map(|lot| Unique::PointLot(lot.id));
        self.claims.take(&state.unique, ids.chain(lots).collect())?;
        let history = entries.iter().map(|entry| ((entry.user, entry.sequence), entry.clone()));
        self.point_history.insert(&state.point_history, history)?;
        for (user, row) in rows {
            self.points.change(&state.points, &user, |old| *old = row);
        }
        Ok(())
    }
}

impl PointQueries for MemoryStorage {
    async fn find_point_account(&self, user: UserId) -> Result<Option<PointAccount>, StorageError> {
        Ok(self.shared.state().points.get(&user).map(PointRow::account))
    }

    async fn list_point_history(
        &self,
        user: UserId,
        request: &PageRequest<PointPosition>,
    ) -> Result<Page<PointEntry, PointPosition>, StorageError> {
        let state = self.shared.state();
        let entries = state.point_history.values().filter(|entry| entry.user == user);
        let position = |entry: &PointEntry| PointPosition { sequence: entry.sequence };
        Ok(page(entries, request, position, |a, b| b.sequence.cmp(&a.sequence)))
    }
}
