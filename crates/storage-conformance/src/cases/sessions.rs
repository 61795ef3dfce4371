//! Log-ins.

use std::slice::from_ref;

use chrono::TimeDelta;
use jangteo_shared_kernel::RefreshFamilyId;
use jangteo_user::{
    RefreshFamily, RefreshRefusal, Role, SecretHash, Session, SessionStanding, User, UserState,
};

use crate::prelude::*;
use crate::support::{
    add_families, add_users, assert_lost_race, assert_waits, at_once, begin, commit, ids, outcome,
};
use crate::{Fixtures, Storage};

pub(crate) async fn a_log_in_reads_back_as_it_was_written<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(30);
    let user = fixtures.user();
    add_users(&storage, from_ref(&user)).await;
    let mut families: Vec<RefreshFamily> = (0..10).map(|_| fixtures.refresh_family(user.id)).collect();
    families[0].ended_at = Some(fixtures.in_millis(7));
    families[1].current = SecretHash([0; 32]);
    families[2].current = SecretHash([0xff; 32]);
    add_families(&storage, &families).await;
    let mut tx = begin(&storage).await;
    let locked = tx.lock_refresh_families(&families.iter().map(|family| family.id).collect()).await.unwrap();
    assert_eq!(locked, families.into_iter().map(|family| (family.id, family)).collect());
}

pub(crate) async fn leaves_out_unknown_log_ins<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(31);
    let user = fixtures.user();
    add_users(&storage, from_ref(&user)).await;
    let known = fixtures.refresh_family(user.id);
    add_families(&storage, from_ref(&known)).await;
    let mut tx = begin(&storage).await;
    let locked = tx.lock_refresh_families(&ids([fixtures.id(), known.id, fixtures.id()])).await.unwrap();
    assert!(locked.into_values().eq([known]));
    assert_eq!(tx.lock_open_refresh_families_of(&ids([fixtures.id()])).await.unwrap(), []);
}

pub(crate) async fn refuses_a_second_log_in_under_an_id<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(32);
    let user = fixtures.user();
    add_users(&storage, from_ref(&user)).await;
    let family = fixtures.refresh_family(user.id);
    add_families(&storage, from_ref(&family)).await;
    let mut tx = begin(&storage).await;
    assert_lost_race(&tx.insert_refresh_families(&[family]).await);
    tx.rollback().await.unwrap();
}

pub(crate) async fn saves_rotations_and_ends<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(33);
    let user = fixtures.user();
    add_users(&storage, from_ref(&user)).await;
    let families: Vec<RefreshFamily> = (0..9).map(|_| fixtures.refresh_family(user.id)).collect();
    add_families(&storage, &families).await;
    let mut tx = begin(&storage).await;
    let all = families.iter().map(|family| family.id).collect();
    let mut locked = tx.lock_refresh_families(&all).await.unwrap();
    for (n, family) in locked.values_mut().enumerate().take(6) {
        let (next, later) = (SecretHash(fixtures.bytes()), fixtures.now() + TimeDelta::days(30));
        match n % 2 {
            0 => family.rotate(family.current, next, later, fixtures.in_millis(1)).unwrap(),
            _ => family.end(fixtures.in_millis(2)),
        }
    }
    let changed: Vec<RefreshFamily> = locked.values().take(6).cloned().collect();
    tx.save_refresh_families(&changed).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = begin(&storage).await;
    assert_eq!(tx.lock_refresh_families(&all).await.unwrap(), locked);
}

pub(crate) async fn locks_the_open_log_ins_of_users_in_ascending_id<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(34);
    let users: Vec<User> = (0..3).map(|_| fixtures.user()).collect();
    add_users(&storage, &users).await;
    let mut families: Vec<RefreshFamily> =
        (0..24).map(|n| fixtures.refresh_family(users[n % 3].id)).collect();
    for family in families.iter_mut().step_by(5) {
        family.ended_at = Some(fixtures.now());
    }
    // Too old, but not ended.
    families[1].expires_at = fixtures.in_millis(-1);
    add_families(&storage, &families).await;

    let asked = ids([users[0].id, users[1].id]);
    let mut expected: Vec<RefreshFamily> = families
        .into_iter()
        .filter(|family| asked.contains(&family.user) && family.ended_at.is_none())
        .collect();
    expected.sort_by_key(|family| family.id);
    let mut tx = begin(&storage).await;
    assert_eq!(tx.lock_open_refresh_families_of(&asked).await.unwrap(), expected);
    // They are locked, so they can be saved.
    for family in &mut expected {
        family.end(fixtures.now());
    }
    tx.save_refresh_families(&expected).await.unwrap();
    assert_eq!(tx.lock_open_refresh_families_of(&asked).await.unwrap(), []);
    tx.commit().await.unwrap();
    let mut tx = begin(&storage).await;
    assert_eq!(tx.lock_open_refresh_families_of(&asked).await.unwrap(), []);
}

pub(crate) async fn a_log_in_that_ended_while_we_waited_is_not_open<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(35);
    let user = fixtures.user();
    add_users(&storage, from_ref(&user)).await;
    let mut families = [fixtures.refresh_family(user.id), fixtures.refresh_family(user.id)];
    families.sort_by_key(|family| family.id);
    add_families(&storage, &families).await;

    let mut tx = begin(&storage).await;
    tx.lock_refresh_families(&ids([families[0].id])).await.unwrap();
    let mut waiting = tokio::spawn({
        let (storage, user) = (storage.clone(), user.id);
        async move {
            let mut tx = begin(&storage).await;
            tx.lock_open_refresh_families_of(&ids([user])).await.unwrap()
        }
    });
    assert_waits(&mut waiting).await;
    families[0].end(fixtures.now());
    tx.save_refresh_families(&families[..1]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(outcome(waiting).await, families[1..]);
}

/// Of two refreshes with one token one rotates it, and the other finds a token that was used.
pub(crate) async fn a_token_is_rotated_once<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(36);
    let user = fixtures.user();
    add_users(&storage, from_ref(&user)).await;
    let family = fixtures.refresh_family(user.id);
    add_families(&storage, from_ref(&family)).await;
    let mut outcomes = at_once(6, |n| {
        let (storage, fixtures, id, shown) = (storage.clone(), fixtures.clone(), family.id, family.current);
        async move {
            let mut tx = begin(&storage).await;
            let mut family = tx.lock_refresh_families(&ids([id])).await.unwrap().remove(&id).unwrap();
            let next = SecretHash([u8::try_from(n).unwrap(); 32]);
            let outcome = family.rotate(shown, next, fixtures.in_millis(1_000), fixtures.now());
            tx.save_refresh_families(&[family]).await.unwrap();
            tx.commit().await.unwrap();
            outcome
        }
    })
    .await;
    outcomes.sort_by_key(|outcome| match outcome {
        Ok(()) => 0,
        Err(RefreshRefusal::Reused { .. }) => 1,
        Err(RefreshRefusal::Expired | RefreshRefusal::Ended) => 2,
    });
    let ended = Err(RefreshRefusal::Ended);
    let reused = Err(RefreshRefusal::Reused { user: user.id });
    assert_eq!(outcomes, [Ok(()), reused, ended, ended, ended, ended]);
}

pub(crate) async fn a_session_stands_only_while_account_and_log_in_do<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(37);
    let (user, other) = (fixtures.user(), fixtures.user());
    add_users(&storage, &[user.clone(), other.clone()]).await;
    let family = fixtures.refresh_family(user.id);
    let mut ended = fixtures.refresh_family(user.id);
    ended.end(fixtures.now());
    let others = fixtures.refresh_family(other.id);
    add_families(&storage, &[family.clone(), ended.clone(), others.clone()]).await;

    let standing = async |user: &User, family: RefreshFamilyId, now| {
        storage.session_standing(user.id, family, now).await.unwrap()
    };
    let stands = Some(SessionStanding { role: Role::Customer });
    let now = fixtures.now();
    assert_eq!(standing(&user, family.id, now).await, stands);
    assert_eq!(standing(&other, others.id, now).await, stands);
    let millisecond = TimeDelta::milliseconds(1);
    assert_eq!(standing(&user, family.id, family.expires_at - millisecond).await, stands);
    assert_eq!(standing(&user, family.id, family.expires_at).await, None, "past its expiry");
    assert_eq!(
        standing(&user, family.id, family.expires_at + millisecond).await,
        None,
        "long past its expiry"
    );
    assert_eq!(standing(&user, ended.id, now).await, None, "ended");
    assert_eq!(standing(&user, others.id, now).await, None, "another's");
    assert_eq!(standing(&user, fixtures.id(), now).await, None, "an unknown log-in");
    assert_eq!(standing(&fixtures.user(), family.id, now).await, None, "an unknown account");

    let asked = [(user.id, ended.id), (other.id, others.id), (user.id, fixtures.id()), (user.id, family.id)];
    let asked = [asked, asked].concat().into_iter().map(|(user, family)| Session { user, family });
    let answers = storage.session_standings(&asked.collect::<Vec<_>>(), now).await.unwrap();
    assert_eq!(answers, [None, stands, None, stands, None, stands, None, stands], "as a set");
    assert_eq!(storage.session_standings(&[], now).await.unwrap(), []);

    let admin = User { role: Role::Admin, version: 2, ..user.clone() };
    commit!(storage, tx => tx.lock_users(&ids([user.id])); tx.save_users(from_ref(&admin)));
    assert_eq!(
        standing(&user, family.id, now).await,
        Some(SessionStanding { role: Role::Admin }),
        "a new role"
    );

    let gone = User { state: UserState::Deleted { deleted_at: now }, version: 3, ..admin };
    commit!(storage, tx => tx.lock_users(&ids([user.id])); tx.save_users(from_ref(&gone)));
    assert_eq!(standing(&user, family.id, now).await, None, "a deleted account");
}

pub(crate) async fn a_log_out_acts_at_once<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(38);
    let user = fixtures.user();
    add_users(&storage, from_ref(&user)).await;
    for _ in 0..20 {
        let mut family = fixtures.refresh_family(user.id);
        add_families(&storage, from_ref(&family)).await;
        assert!(storage.session_standing(user.id, family.id, fixtures.now()).await.unwrap().is_some());
        family.end(fixtures.now());
        commit!(storage, tx => tx.lock_refresh_families(&ids([family.id])); tx.save_refresh_families(from_ref(&family)));
        assert_eq!(storage.session_standing(user.id, family.id, fixtures.now()).await.unwrap(), None);
    }
}
