//! Accounts.

use std::slice::from_ref;

use jangteo_shared_kernel::{PageRequest, StorageError, UserId};
use jangteo_user::{Email, KnownPassword, ProfileEdit, Role, User, UserFilter, UserPosition, UserState};

use crate::fixtures::instant;
use crate::prelude::*;
use crate::support::{
    add_users, assert_lost_race, assert_one_winner, assert_waits, at_once, begin, commit, every_page, finish,
    ids, outcome,
};
use crate::{Fixtures, Storage};

fn email_of(user: &User) -> &Email {
    &user.profile().unwrap().email
}

fn deleted(fixtures: &Fixtures, user: &User) -> User {
    let state = UserState::Deleted { deleted_at: fixtures.in_millis(1) };
    User { version: user.version + 1, state, ..user.clone() }
}

/// The user, saved as deleted.
async fn delete<S: Storage>(storage: &S, fixtures: &Fixtures, user: &User) -> User {
    let gone = deleted(fixtures, user);
    commit!(*storage, tx => tx.lock_users(&ids([user.id])); tx.save_users(from_ref(&gone)));
    gone
}

async fn list<S: Storage>(storage: &S, filter: UserFilter, limit: u16) -> Vec<User> {
    every_page(limit, |page: PageRequest<UserPosition>| {
        let filter = &filter;
        async move { storage.list_users(filter, &page).await }
    })
    .await
}

pub(crate) async fn an_account_reads_back_as_it_was_written<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(10);
    let mut users: Vec<User> = (0..12).map(|_| fixtures.user()).collect();
    let long_label = "d".repeat(63);
    let longest = format!("{}@{long_label}.{long_label}.{}.kr", "a".repeat(64), "e".repeat(57));
    assert_eq!(longest.len(), 253);
    for address in [longest.as_str(), "민지@예시.한국", "o'neill+%_!#$&*=?^`{|}~@x.co"] {
        users.push(fixtures.user_with(address.parse().unwrap()));
    }
    for name in
        ["가".repeat(200), "🦊".repeat(200), "'; DROP TABLE users; --".to_owned(), "\\ \" %_".to_owned()]
    {
        let mut user = fixtures.user();
        user.edit_profile(ProfileEdit { name: Some(name.parse().unwrap()), phone: None });
        users.push(user);
    }
    users[0].role = Role::Admin;
    users[1].created_at = instant("1970-01-01T00:00:00Z");
    users[2].created_at = instant("2026-11-22T14:59:59.999Z");
    users[3].created_at = instant("2026-11-22T15:00:00.001Z");
    users[4].version = i64::MAX;
    add_users(&storage, &users).await;

    for user in &users {
        assert_eq!(storage.find_user(user.id).await.unwrap().as_ref(), Some(user));
        assert_eq!(storage.find_user_by_address(email_of(user)).await.unwrap().as_ref(), Some(user));
        let UserState::Active { password_hash, .. } = &user.state else { unreachable!("they are new") };
        let known = KnownPassword { user: user.id, hash: password_hash.clone() };
        assert_eq!(storage.find_password(email_of(user)).await.unwrap(), Some(known));
    }
    let mut tx = begin(&storage).await;
    let locked = tx.lock_users(&users.iter().map(|user| user.id).collect()).await.unwrap();
    assert_eq!(locked, users.into_iter().map(|user| (user.id, user)).collect());
}

pub(crate) async fn leaves_out_unknown_accounts<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(11);
    let (known, unknown) = (fixtures.user(), fixtures.user());
    add_users(&storage, from_ref(&known)).await;
    assert_eq!(storage.find_user(unknown.id).await.unwrap(), None);
    assert_eq!(storage.find_user_by_address(email_of(&unknown)).await.unwrap(), None);
    assert_eq!(storage.find_password(email_of(&unknown)).await.unwrap(), None);
    let mut tx = begin(&storage).await;
    assert!(tx.lock_users(&ids([known.id, unknown.id])).await.unwrap().into_keys().eq([known.id]));
    let addresses = [email_of(&unknown).clone(), email_of(&known).clone()];
    assert_eq!(tx.find_users_by_email(&addresses).await.unwrap(), [known]);
}

pub(crate) async fn finds_living_accounts_by_a_set_of_addresses<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(12);
    let users: Vec<User> = (0..40).map(|_| fixtures.user()).collect();
    add_users(&storage, &users).await;
    delete(&storage, &fixtures, &users[7]).await;
    let asked: Vec<Email> = users.iter().step_by(7).map(|user| email_of(user).clone()).collect();
    let mut tx = begin(&storage).await;
    let mut found: Vec<UserId> =
        tx.find_users_by_email(&asked).await.unwrap().iter().map(|user| user.id).collect();
    found.sort();
    let mut expected: Vec<UserId> =
        users.iter().step_by(7).map(|user| user.id).filter(|id| *id != users[7].id).collect();
    expected.sort();
    assert_eq!(found, expected);
}

pub(crate) async fn refuses_a_second_living_account_with_an_address<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(13);
    let first = fixtures.user();
    add_users(&storage, from_ref(&first)).await;
    let (second, bystander) = (fixtures.user_with(email_of(&first).clone()), fixtures.user());
    let mut tx = begin(&storage).await;
    let refused = tx.insert_users(&[bystander.clone(), second.clone()]).await;
    assert_lost_race(&refused);
    tx.rollback().await.unwrap();
    assert_eq!(storage.find_user(second.id).await.unwrap(), None);
    assert_eq!(storage.find_user(bystander.id).await.unwrap(), None);
    assert_eq!(storage.find_user_by_address(email_of(&first)).await.unwrap(), Some(first));
}

pub(crate) async fn refuses_two_living_accounts_with_an_address_in_one_set<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(14);
    let first = fixtures.user();
    let second = fixtures.user_with(email_of(&first).clone());
    let mut tx = begin(&storage).await;
    assert_lost_race(&tx.insert_users(&[first.clone(), second.clone()]).await);
    tx.rollback().await.unwrap();

    let mut tx = begin(&storage).await;
    tx.insert_users(&[first]).await.unwrap();
    assert_lost_race(&tx.insert_users(&[second]).await);
    tx.rollback().await.unwrap();
}

pub(crate) async fn refuses_a_second_account_under_an_id<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(15);
    let first = fixtures.user();
    add_users(&storage, from_ref(&first)).await;
    let mut tx = begin(&storage).await;
    assert_lost_race(&tx.insert_users(&[User { id: first.id, ..fixtures.user() }]).await);
    tx.rollback().await.unwrap();
    assert_eq!(storage.find_user(first.id).await.unwrap(), Some(first));
}

pub(crate) async fn of_registrations_with_one_address_at_once_one_wins<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(16);
    let address = fixtures.email();
    let outcomes = at_once(8, |_| {
        let (storage, user) = (storage.clone(), fixtures.user_with(address.clone()));
        async move {
            let mut tx = begin(&storage).await;
            let inserted = tx.insert_users(&[user]).await;
            tokio::task::yield_now().await;
            finish(tx, inserted).await
        }
    })
    .await;
    assert_one_winner(outcomes);
    assert_eq!(list(&storage, UserFilter::default(), 10).await.len(), 1);
}

pub(crate) async fn saves_accounts_as_they_are_now<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(17);
    let users: Vec<User> = (0..30).map(|_| fixtures.user()).collect();
    add_users(&storage, &users).await;
    let mut tx = begin(&storage).await;
    let mut locked = tx.lock_users(&users.iter().step_by(2).map(|user| user.id).collect()).await.unwrap();
    for (n, user) in locked.values_mut().enumerate() {
        let phone = [None, Some(None), Some(Some("+1 (555) 010-9999".parse().unwrap()))][n % 3].clone();
        assert!(user.edit_profile(ProfileEdit { name: Some("새 이름 🦝".parse().unwrap()), phone }));
        assert!(user.change_password(fixtures.password_hash()));
        user.role = Role::Admin;
    }
    let changed: Vec<User> = locked.into_values().collect();
    tx.save_users(&changed).await.unwrap();
    tx.commit().await.unwrap();
    for user in &changed {
        assert_eq!(storage.find_user(user.id).await.unwrap().as_ref(), Some(user));
        assert_eq!(storage.find_user_by_address(email_of(user)).await.unwrap().as_ref(), Some(user));
    }
    for user in users.iter().skip(1).step_by(2) {
        assert_eq!(
            storage.find_user(user.id).await.unwrap().as_ref(),
            Some(user),
            "an account changed that nobody saved"
        );
    }
}

pub(crate) async fn a_deleted_account_is_known_and_holds_nothing<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(18);
    let user = fixtures.user();
    add_users(&storage, from_ref(&user)).await;
    let gone = delete(&storage, &fixtures, &user).await;

    assert_eq!(storage.find_user(user.id).await.unwrap(), Some(gone.clone()));
    assert_eq!(storage.find_user_by_address(email_of(&user)).await.unwrap(), None);
    assert_eq!(storage.find_password(email_of(&user)).await.unwrap(), None);
    assert!(list(&storage, UserFilter::default(), 10).await.is_empty());
    let by_address = UserFilter { email: Some(email_of(&user).clone()), role: None };
    assert!(list(&storage, by_address, 10).await.is_empty());
    let mut tx = begin(&storage).await;
    assert_eq!(tx.find_users_by_email(&[email_of(&user).clone()]).await.unwrap(), []);
    assert_eq!(tx.lock_users(&ids([user.id])).await.unwrap()[&user.id], gone);
}

pub(crate) async fn the_address_of_a_deleted_account_is_free_again<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(19);
    let address = fixtures.email();
    let mut deleted = Vec::new();
    // Twice, so that two deleted accounts stand side by side.
    for _ in 0..2 {
        let user = fixtures.user_with(address.clone());
        add_users(&storage, from_ref(&user)).await;
        assert_eq!(storage.find_user_by_address(&address).await.unwrap(), Some(user.clone()));
        deleted.push(delete(&storage, &fixtures, &user).await);
    }
    let living = fixtures.user_with(address.clone());
    add_users(&storage, from_ref(&living)).await;
    assert_eq!(storage.find_user_by_address(&address).await.unwrap(), Some(living.clone()));
    for user in deleted {
        assert_eq!(storage.find_user(user.id).await.unwrap(), Some(user));
    }
    assert_eq!(list(&storage, UserFilter::default(), 10).await, [living]);
}

pub(crate) async fn an_address_is_given_up_and_taken_in_one_transaction<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(20);
    let old = fixtures.user();
    let new = fixtures.user_with(email_of(&old).clone());
    add_users(&storage, from_ref(&old)).await;
    commit!(storage, tx =>
        tx.lock_users(&ids([old.id]));
        tx.save_users(&[deleted(&fixtures, &old)]);
        tx.insert_users(from_ref(&new))
    );
    assert_eq!(storage.find_user_by_address(email_of(&old)).await.unwrap(), Some(new));
}

pub(crate) async fn a_lock_on_an_account_waits_and_sees_what_was_committed<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(21);
    let user = fixtures.user();
    add_users(&storage, from_ref(&user)).await;
    let mut tx = begin(&storage).await;
    let mut mine = tx.lock_users(&ids([user.id])).await.unwrap().remove(&user.id).unwrap();
    let mut waiting = tokio::spawn({
        let storage = storage.clone();
        async move {
            let mut tx = begin(&storage).await;
            tx.lock_users(&ids([user.id])).await.unwrap().remove(&user.id)
        }
    });
    assert_waits(&mut waiting).await;
    mine.change_password(fixtures.password_hash());
    tx.save_users(from_ref(&mine)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(outcome(waiting).await, Some(mine));
}

pub(crate) async fn lists_living_accounts_newest_first_and_each_once<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(22);
    let mut users: Vec<User> = (0..43)
        .map(|_| User {
            role: fixtures.one_of(&[Role::Customer, Role::Customer, Role::Admin]),
            // Few instants, so that most have a rival.
            created_at: fixtures.in_millis(i64::from(fixtures.below(5)) * 500),
            ..fixtures.user()
        })
        .collect();
    add_users(&storage, &users).await;
    delete(&storage, &fixtures, &users[3]).await;
    let id = users[3].id;
    users.retain(|user| user.id != id);
    users.sort_by_key(|user| std::cmp::Reverse((user.created_at, user.id)));

    for limit in [1, 7, 21, 42, 43, 100] {
        assert_eq!(list(&storage, UserFilter::default(), limit).await, users, "pages of {limit}");
    }
    for role in [Role::Customer, Role::Admin] {
        let expected: Vec<User> = users.iter().filter(|user| user.role == role).cloned().collect();
        assert_eq!(list(&storage, UserFilter { role: Some(role), email: None }, 4).await, expected);
    }
    let wanted = &users[5];
    let by_address = UserFilter { email: Some(email_of(wanted).clone()), role: None };
    assert_eq!(list(&storage, by_address.clone(), 4).await, from_ref(wanted));
    let role = if wanted.role == Role::Admin { Role::Customer } else { Role::Admin };
    assert!(list(&storage, UserFilter { role: Some(role), ..by_address }, 4).await.is_empty());
    let nobody = UserFilter { email: Some(fixtures.email()), role: None };
    assert!(list(&storage, nobody, 4).await.is_empty());
}

/// An account that was made between two pages shows on neither of the later ones.
pub(crate) async fn a_page_begins_where_the_last_one_ended<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(23);
    let made = |millis| User { created_at: fixtures.in_millis(millis), ..fixtures.user() };
    let users: Vec<User> = (0..6).rev().map(|n| made(n * 10)).collect();
    add_users(&storage, &users).await;
    let filter = UserFilter::default();
    let first = storage.list_users(&filter, &crate::support::first_page(3)).await.unwrap();
    assert_eq!(first.items, users[..3]);
    let between = made(25);
    add_users(&storage, &[made(1_000), between.clone(), made(500)]).await;
    let next = PageRequest { after: first.next, ..crate::support::first_page(3) };
    let second = storage.list_users(&filter, &next).await.unwrap();
    assert_eq!(second.items, [between, users[3].clone(), users[4].clone()]);
    assert!(second.next.is_some());
}

/// The contract's error for a set that cannot be written names a race, whoever else is in the set.
pub(crate) async fn one_taken_address_refuses_the_whole_set<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(24);
    let users: Vec<User> = (0..20).map(|_| fixtures.user()).collect();
    add_users(&storage, &users[..1]).await;
    let mut set: Vec<User> = users[1..].to_vec();
    set[10] = fixtures.user_with(email_of(&users[0]).clone());
    let mut tx = begin(&storage).await;
    let inserted: Result<(), StorageError> = tx.insert_users(&set).await;
    assert_lost_race(&finish(tx, inserted).await);
    assert_eq!(list(&storage, UserFilter::default(), 100).await, users[..1]);
}
