//! What the cases have in common.

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::time::Duration;

use jangteo_coupon::{Campaign, IssuedCoupon};
use jangteo_order::Order;
use jangteo_point::PointAccount;
use jangteo_product::Product;
use jangteo_shared_kernel::{Limit, Page, PageRequest, StorageError, Transaction};
use jangteo_user::{RefreshFamily, User};
use tokio::task::JoinHandle;

use crate::Storage;
use crate::prelude::*;

/// Runs statements in a transaction of their own and commits it.
macro_rules! commit {
    ($storage:expr, $tx:ident => $($statement:expr);+ $(;)?) => {{
        let mut $tx = $crate::support::begin(&$storage).await;
        $($statement.await.unwrap();)+
        jangteo_shared_kernel::Transaction::commit($tx).await.unwrap();
    }};
}
pub(crate) use commit;

pub(crate) async fn begin<S: Storage>(storage: &S) -> S::Tx {
    storage.begin().await.unwrap()
}

pub(crate) async fn add_users<S: Storage>(storage: &S, new: &[User]) {
    commit!(*storage, tx => tx.insert_users(new));
}

pub(crate) async fn add_families<S: Storage>(storage: &S, new: &[RefreshFamily]) {
    commit!(*storage, tx => tx.insert_refresh_families(new));
}

pub(crate) async fn add_products<S: Storage>(storage: &S, new: &[Product]) {
    commit!(*storage, tx => tx.insert_products(new));
}

pub(crate) async fn add_orders<S: Storage>(storage: &S, new: &[Order]) {
    commit!(*storage, tx => tx.insert_orders(new));
}

pub(crate) async fn add_accounts<S: Storage>(storage: &S, new: &[PointAccount]) {
    commit!(*storage, tx => tx.insert_point_accounts(new));
}

pub(crate) async fn add_campaigns<S: Storage>(storage: &S, new: &[Campaign]) {
    commit!(*storage, tx => tx.insert_campaigns(new));
}

pub(crate) async fn add_coupons<S: Storage>(storage: &S, new: &[IssuedCoupon]) {
    commit!(*storage, tx => tx.insert_issued_coupons(new));
}

pub(crate) fn ids<T: Ord>(ids: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    ids.into_iter().collect()
}

/// Commits if the statements went well, else rolls back: either may be what fails.
pub(crate) async fn finish<Tx: Transaction>(
    tx: Tx,
    outcome: Result<(), StorageError>,
) -> Result<(), StorageError> {
    match outcome {
        Ok(()) => tx.commit().await,
        Err(error) => {
            tx.rollback().await.unwrap();
            Err(error)
        }
    }
}

pub(crate) fn assert_lost_race(outcome: &Result<(), StorageError>) {
    assert!(matches!(outcome, Err(StorageError::Transient(_))), "a lost race was expected, not {outcome:?}");
}

pub(crate) fn assert_fatal(outcome: &Result<(), StorageError>) {
    assert!(matches!(outcome, Err(StorageError::Fatal(_))), "a fatal error was expected, not {outcome:?}");
}

/// One success, and the others have lost a race.
pub(crate) fn assert_one_winner(outcomes: Vec<Result<(), StorageError>>) {
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1, "one winner was expected; the others: {lost:?}");
    lost.iter().for_each(assert_lost_race);
}

/// Runs so many tasks at once.
pub(crate) async fn at_once<T, F>(count: u32, task: impl Fn(u32) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<JoinHandle<T>> = (0..count).map(|n| tokio::spawn(task(n))).collect();
    let mut results = Vec::with_capacity(tasks.len());
    for task in tasks {
        results.push(outcome(task).await);
    }
    results
}

/// What became of a task; its panic is ours.
pub(crate) async fn outcome<T>(task: JoinHandle<T>) -> T {
    task.await.unwrap_or_else(|error| resume_unwind(error.into_panic()))
}

/// A task that waits for our transaction cannot have come to its end. A storage that does not make it wait fails here,
/// or else by what the task has read.
pub(crate) async fn assert_waits<T>(task: &mut JoinHandle<T>) {
    let end = tokio::time::timeout(Duration::from_millis(60), task).await;
    assert!(end.is_err(), "the other transaction did not wait");
}

/// The whole list, page by page.
pub(crate) async fn every_page<T, P, F>(limit: u16, list: impl Fn(PageRequest<P>) -> F) -> Vec<T>
where
    P: Clone,
    F: Future<Output = Result<Page<T, P>, StorageError>>,
{
    let limit = Limit::new(limit).unwrap();
    let (mut items, mut after) = (Vec::new(), None);
    for _ in 0..1_000 {
        let page = list(PageRequest { limit, after }).await.unwrap();
        let full = usize::from(limit.get());
        assert!(page.items.len() <= full, "a page has more items than were asked for");
        assert!(page.next.is_none() || page.items.len() == full, "a page before the last is not full");
        items.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => return items,
        }
    }
    panic!("the list has no end");
}

/// The first page.
pub(crate) fn first_page<P>(limit: u16) -> PageRequest<P> {
    PageRequest { limit: Limit::new(limit).unwrap(), after: None }
}
