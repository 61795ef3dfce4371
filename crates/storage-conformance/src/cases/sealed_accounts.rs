//! Which keys accounts are sealed with, and sealing them again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jangteo_application::{count_key_use, reseal_accounts};
use jangteo_shared_kernel::UserId;
use jangteo_user::{ProfileEdit, User, UserState};

use crate::prelude::*;
use crate::support::{add_users, begin, commit, ids, outcome};
use crate::{Fixtures, Storage};

/// A key that no storage has, so that every account seems to need another than the current one.
const NO_KEY: u32 = u32::MAX;

async fn delete<S: Storage>(storage: &S, fixtures: &Fixtures, user: &User) -> User {
    let state = UserState::Deleted { deleted_at: fixtures.in_millis(1) };
    let gone = User { version: user.version + 1, state, ..user.clone() };
    commit!(*storage, tx => tx.lock_users(&ids([user.id])); tx.save_users(std::slice::from_ref(&gone)));
    gone
}

/// The accounts and whether they are sealed.
async fn listed<S: Storage>(storage: &S, most: u32) -> Vec<(UserId, bool)> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = storage.list_sealed_accounts(after, most).await.unwrap();
        assert!(page.len() <= most as usize, "a page has more accounts than were asked for");
        let Some(last) = page.last() else { return all };
        after = Some(last.user);
        all.extend(page.iter().map(|account| (account.user, !account.keys.is_empty())));
    }
}

pub(crate) async fn living_accounts_come_by_their_ids_page_by_page<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(30);
    assert!(listed(&storage, 10).await.is_empty());
    let users: Vec<User> = (0..23).map(|_| fixtures.user()).collect();
    add_users(&storage, &users).await;
    delete(&storage, &fixtures, &users[4]).await;
    let mut living: Vec<UserId> = users.iter().map(|user| user.id).filter(|id| *id != users[4].id).collect();
    living.sort();
    for most in [1, 5, 11, 22, 100] {
        let listed = listed(&storage, most).await;
        assert!(listed.iter().map(|(user, _)| *user).eq(living.iter().copied()), "pages of {most}");
        assert!(listed.iter().all(|(_, sealed)| *sealed == listed[0].1), "all are sealed or none is");
    }
    assert_eq!(count_key_use(&storage).await.unwrap().accounts(), 22);
}

pub(crate) async fn an_account_that_is_sealed_again_reads_back_as_it_was<S: Storage>(storage: S) {
    let (fixtures, sources) = (Fixtures::seeded(31), Fixtures::seeded(31).sources());
    // More than are sealed at once.
    let mut users: Vec<User> = (0..450).map(|_| fixtures.user()).collect();
    users[0].version = 17;
    add_users(&storage, &users).await;
    users[9] = delete(&storage, &fixtures, &users[9]).await;
    let sealed = listed(&storage, 1_000).await.iter().filter(|(_, sealed)| *sealed).count();

    let mut told = Vec::new();
    let resealed = reseal_accounts(&storage, &sources, NO_KEY, |so_far| told.push(so_far.accounts)).await;
    let resealed = resealed.unwrap();
    assert!(resealed.failed.is_empty(), "{:?}", resealed.failed);
    assert_eq!(resealed.accounts, u64::try_from(sealed).unwrap());
    assert!(told.is_sorted());
    assert_eq!(told.last().copied().unwrap_or_default(), resealed.accounts);
    let mut tx = begin(&storage).await;
    let found = tx.lock_users(&users.iter().map(|user| user.id).collect()).await.unwrap();
    assert_eq!(found, users.into_iter().map(|user| (user.id, user)).collect());
}

pub(crate) async fn whoever_edits_while_accounts_are_sealed_again_loses_nothing<S: Storage>(storage: S) {
    let (fixtures, sources) = (Fixtures::seeded(32), Fixtures::seeded(32).sources());
    let users: Vec<User> = (0..40).map(|_| fixtures.user()).collect();
    add_users(&storage, &users).await;
    let done = Arc::new(AtomicBool::new(false));
    let sealing = tokio::spawn({
        let (storage, done) = (storage.clone(), Arc::clone(&done));
        async move {
            while !done.load(Ordering::Relaxed) {
                let resealed = reseal_accounts(&storage, &sources, NO_KEY, |_| ()).await.unwrap();
                assert!(resealed.failed.is_empty());
                tokio::task::yield_now().await;
            }
        }
    });
    let mut last = Vec::new();
    for round in 0..5 {
        last.clear();
        for user in &users {
            let mut tx = begin(&storage).await;
            let mut found = tx.lock_users(&ids([user.id])).await.unwrap().remove(&user.id).unwrap();
            let name = format!("{round} of {}", user.id).parse().unwrap();
            assert!(found.edit_profile(ProfileEdit { name: Some(name), phone: None }));
            tx.save_users(std::slice::from_ref(&found)).await.unwrap();
            tx.commit().await.unwrap();
            last.push(found);
        }
    }
    done.store(true, Ordering::Relaxed);
    outcome(sealing).await;
    for user in last {
        assert_eq!(storage.find_user(user.id).await.unwrap(), Some(user));
    }
}
