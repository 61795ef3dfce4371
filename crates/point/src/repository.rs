//! What the context needs from a storage.

use std::collections::{BTreeMap, BTreeSet};

use jangteo_shared_kernel::{Page, PageRequest, PaymentId, StorageError, Timestamp, UserId};

use crate::{PointAccount, PointEntry, PointSpending};

/// Locked accounts by user.
pub type PointAccounts = BTreeMap<UserId, PointAccount>;

/// What payments took, by payment.
pub type PointSpendings = BTreeMap<PaymentId, PointSpending>;

/// Point accounts inside a transaction.
pub trait PointRepository: Send {
    /// Locks the accounts until the transaction ends, in ascending user id, and reads them with the lots that have
    /// something left. MUST leave out users without an account.
    fn lock_point_accounts(
        &mut self,
        users: &BTreeSet<UserId>,
    ) -> impl Future<Output = Result<PointAccounts, StorageError>> + Send;

    /// Locks at most `most` accounts of which a lot has expired by `now` that has something left, and reads them as
    /// [`Self::lock_point_accounts`] does. MUST leave out, and not wait for, an account that somebody else has locked, so
    /// that several jobs can run at once. That there are fewer than `most` does not say that no more are due.
    fn lock_due_point_accounts(
        &mut self,
        now: Timestamp,
        most: u32,
    ) -> impl Future<Output = Result<PointAccounts, StorageError>> + Send;

    /// What these payments took from the accounts and what was given back of it. MUST leave out payments that took
    /// nothing. The caller MUST have locked the accounts before, so that nobody gives the same points back meanwhile.
    fn find_point_spendings(
        &mut self,
        payments: &BTreeSet<PaymentId>,
    ) -> impl Future<Output = Result<PointSpendings, StorageError>> + Send;

    /// Adds accounts that have no lots yet.
    fn insert_point_accounts(
        &mut self,
        new: &[PointAccount],
    ) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// Saves accounts that this transaction has locked, together with the entries that changed them: the balances
    /// and sequences, the new lots (as [`PointEntry::new_lots`] has them, with nothing remaining yet), the history,
    /// and its movements, each of which moves what remains of its lot.
    fn save_points(
        &mut self,
        changed: &[PointAccount],
        entries: &[PointEntry],
    ) -> impl Future<Output = Result<(), StorageError>> + Send;
}

/// A place in an account's history, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PointPosition {
    /// The entry's sequence.
    pub sequence: i64,
}

/// Reads outside a transaction.
pub trait PointQueries: Sync {
    /// The account with the lots that have something left.
    fn find_point_account(
        &self,
        user: UserId,
    ) -> impl Future<Output = Result<Option<PointAccount>, StorageError>> + Send;

    /// Entries of an account, newest first. They need not name lots and movements.
    fn list_point_history(
        &self,
        user: UserId,
        page: &PageRequest<PointPosition>,
    ) -> impl Future<Output = Result<Page<PointEntry, PointPosition>, StorageError>> + Send;
}
