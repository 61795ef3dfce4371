//! Leases.

use jangteo_application::{Lease, LeaseName};

use crate::prelude::*;
use crate::support::{
    assert_lost_race, assert_one_winner, assert_waits, at_once, begin, commit, finish, outcome,
};
use crate::{Fixtures, Storage};

fn lease(fixtures: &Fixtures, millis: i64) -> Lease {
    Lease { name: LeaseName::EventRelay, holder: fixtures.id(), expires_at: fixtures.in_millis(millis) }
}

async fn found<S: Storage>(storage: &S) -> Option<Lease> {
    let mut tx = begin(storage).await;
    let found = tx.lock_lease(LeaseName::EventRelay).await.unwrap();
    tx.rollback().await.unwrap();
    found
}

pub(crate) async fn a_lease_reads_back_as_it_was_written<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(170);
    let (first, second) = (lease(&fixtures, 1), lease(&fixtures, 30_000));
    commit!(storage, tx => tx.insert_lease(&first));
    assert_eq!(found(&storage).await, Some(first));
    commit!(storage, tx => tx.lock_lease(LeaseName::EventRelay); tx.save_lease(&second));
    assert_eq!(found(&storage).await, Some(second));
}

pub(crate) async fn nobody_has_held_a_lease_at_first<S: Storage>(storage: S) {
    assert_eq!(found(&storage).await, None);
}

pub(crate) async fn refuses_a_second_lease_of_a_name<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(171);
    commit!(storage, tx => tx.insert_lease(&lease(&fixtures, 1)));
    let mut tx = begin(&storage).await;
    let inserted = tx.insert_lease(&lease(&fixtures, 2)).await;
    assert_lost_race(&finish(tx, inserted).await);
}

pub(crate) async fn of_leases_taken_at_once_one_wins<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(172);
    let outcomes = at_once(4, |_| {
        let (storage, lease) = (storage.clone(), lease(&fixtures, 1));
        async move {
            let mut tx = begin(&storage).await;
            let inserted = tx.insert_lease(&lease).await;
            finish(tx, inserted).await
        }
    });
    assert_one_winner(outcomes.await);
}

pub(crate) async fn a_lock_on_a_lease_waits_and_sees_what_was_committed<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(173);
    let (old, new) = (lease(&fixtures, 1), lease(&fixtures, 2));
    commit!(storage, tx => tx.insert_lease(&old));
    let mut tx = begin(&storage).await;
    assert_eq!(tx.lock_lease(LeaseName::EventRelay).await.unwrap(), Some(old));
    let mut waiting = tokio::spawn({
        let storage = storage.clone();
        async move { found(&storage).await }
    });
    assert_waits(&mut waiting).await;
    tx.save_lease(&new).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(outcome(waiting).await, Some(new));
}

pub(crate) async fn a_lease_that_is_rolled_back_was_not_given<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(174);
    let first = lease(&fixtures, 1);
    let mut tx = begin(&storage).await;
    tx.insert_lease(&first).await.unwrap();
    assert_eq!(tx.lock_lease(first.name).await.unwrap(), Some(first));
    tx.rollback().await.unwrap();
    assert_eq!(found(&storage).await, None);
    commit!(storage, tx => tx.insert_lease(&first));
    let mut tx = begin(&storage).await;
    tx.lock_lease(first.name).await.unwrap();
    tx.save_lease(&lease(&fixtures, 2)).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(found(&storage).await, Some(first));
}
