//! Point accounts.

use std::slice::from_ref;

use chrono::TimeDelta;
use jangteo_point::{LotMovement, PointAccount, PointEntry, PointEntryKind, PointPosition};
use jangteo_shared_kernel::{Currency, Money, PageRequest, UserId};

use crate::fixtures::{NO_LIMITS, instant, krw};
use crate::prelude::*;
use crate::support::{
    add_accounts, assert_fatal, assert_lost_race, assert_one_winner, assert_waits, at_once, begin, commit,
    every_page, finish, ids, outcome,
};
use crate::{Fixtures, Storage};

/// The account with its lots by id: their order means nothing.
fn by_lot(mut account: PointAccount) -> PointAccount {
    account.lots.sort_by_key(|lot| lot.id);
    account
}

/// The entry without what a list need not name.
fn listed(entry: &PointEntry) -> PointEntry {
    PointEntry { new_lot: None, movements: Vec::new(), ..entry.clone() }
}

async fn history<S: Storage>(storage: &S, user: UserId, limit: u16) -> Vec<PointEntry> {
    let entries = every_page(limit, |page: PageRequest<PointPosition>| async move {
        storage.list_point_history(user, &page).await
    })
    .await;
    entries.iter().map(listed).collect()
}

/// Opens an account.
async fn open<S: Storage>(storage: &S, fixtures: &Fixtures) -> PointAccount {
    let account = PointAccount::open(fixtures.id(), Currency::KRW);
    add_accounts(storage, from_ref(&account)).await;
    account
}

async fn save<S: Storage>(storage: &S, changed: &[PointAccount], entries: &[PointEntry]) {
    let users = changed.iter().map(|account| account.user).collect();
    commit!(*storage, tx => tx.lock_point_accounts(&users); tx.save_points(changed, entries));
}

/// Checks that the account is kept as it is, found and locked, and that balance, lots and history are one sum.
async fn assert_kept<S: Storage>(storage: &S, account: &PointAccount) {
    let found = storage.find_point_account(account.user).await.unwrap().map(by_lot);
    assert_eq!(found, Some(by_lot(account.clone())));
    let mut tx = begin(storage).await;
    let locked =
        tx.lock_point_accounts(&ids([account.user])).await.unwrap().remove(&account.user).map(by_lot);
    tx.rollback().await.unwrap();
    assert_eq!(locked, found);
    let currency = account.balance.currency();
    let lots = Money::sum(currency, found.unwrap().lots.iter().map(|lot| lot.remaining));
    assert_eq!(lots, Ok(account.balance), "the balance is not the sum of the lots");
    let entries = history(storage, account.user, 100).await;
    let moved = Money::sum(currency, entries.iter().rev().map(|entry| entry.amount));
    assert_eq!(moved, Ok(account.balance), "the balance is not the sum of the history");
}

pub(crate) async fn an_account_opens_with_nothing<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(100);
    let account = open(&storage, &fixtures).await;
    assert_kept(&storage, &account).await;
    let dollars = PointAccount::open(fixtures.id(), "USD".parse().unwrap());
    add_accounts(&storage, from_ref(&dollars)).await;
    assert_kept(&storage, &dollars).await;
}

pub(crate) async fn leaves_out_users_without_an_account<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(101);
    let known = open(&storage, &fixtures).await;
    let unknown = fixtures.id();
    assert_eq!(storage.find_point_account(unknown).await.unwrap(), None);
    assert!(history(&storage, unknown, 10).await.is_empty());
    let mut tx = begin(&storage).await;
    let locked = tx.lock_point_accounts(&ids([fixtures.id(), known.user, unknown])).await.unwrap();
    assert!(locked.into_values().eq([known]));
}

pub(crate) async fn refuses_a_second_account_of_a_user<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(102);
    let account = open(&storage, &fixtures).await;
    let mut tx = begin(&storage).await;
    let inserted = tx.insert_point_accounts(from_ref(&account)).await;
    assert_lost_race(&finish(tx, inserted).await);
}

pub(crate) async fn charges_and_grants_bring_lots_in<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(103);
    let mut account = open(&storage, &fixtures).await;
    let charged = fixtures.charge(&mut account, 50_000);
    save(&storage, from_ref(&account), from_ref(&charged)).await;
    assert_kept(&storage, &account).await;

    let granted = fixtures.grant(&mut account, 700, 30);
    save(&storage, from_ref(&account), from_ref(&granted)).await;
    assert_kept(&storage, &account).await;

    let expires_at = instant("9999-12-31T23:59:59.999Z");
    let far = account
        .charge(fixtures.id(), fixtures.id(), krw(1), Some(expires_at), &NO_LIMITS, fixtures.in_millis(1))
        .unwrap();
    save(&storage, from_ref(&account), from_ref(&far)).await;
    assert_kept(&storage, &account).await;
    assert_eq!(
        history(&storage, account.user, 10).await,
        [far, granted, charged].map(|entry| listed(&entry))
    );
}

pub(crate) async fn the_largest_balance_is_kept<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(104);
    let mut account = open(&storage, &fixtures).await;
    let first = fixtures.charge(&mut account, i64::MAX - 1);
    let second = fixtures.grant(&mut account, 1, 1);
    save(&storage, from_ref(&account), &[first, second]).await;
    assert_eq!(account.balance, krw(i64::MAX));
    assert_kept(&storage, &account).await;
    let spent = fixtures.spend(&mut account, i64::MAX);
    save(&storage, from_ref(&account), from_ref(&spent)).await;
    assert_kept(&storage, &account).await;
}

pub(crate) async fn a_lot_with_nothing_left_is_gone_from_the_account<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(105);
    let mut account = open(&storage, &fixtures).await;
    let entries = [fixtures.grant(&mut account, 300, 5), fixtures.charge(&mut account, 1_000)];
    save(&storage, from_ref(&account), &entries).await;
    let spent = fixtures.spend(&mut account, 300);
    save(&storage, from_ref(&account), &[spent]).await;
    let found = storage.find_point_account(account.user).await.unwrap().unwrap();
    assert_eq!((found.lots.len(), found.balance), (1, krw(1_000)));
    assert_kept(&storage, &account).await;

    let spent = fixtures.spend(&mut account, 400);
    save(&storage, from_ref(&account), &[spent]).await;
    assert_eq!(storage.find_point_account(account.user).await.unwrap().unwrap().lots[0].remaining, krw(600));
    assert_kept(&storage, &account).await;
    let closed = account.close(|| fixtures.id(), fixtures.now());
    save(&storage, from_ref(&account), &closed).await;
    assert!(storage.find_point_account(account.user).await.unwrap().unwrap().lots.is_empty());
    assert_kept(&storage, &account).await;
}

/// What a set does to one lot adds up, also when the set itself brought the lot in.
pub(crate) async fn many_movements_of_a_lot_in_one_set_add_up<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(106);
    let mut account = open(&storage, &fixtures).await;
    let mut entries = vec![fixtures.charge(&mut account, 10_000)];
    for amount in [1, 20, 300, 4_000] {
        entries.push(fixtures.spend(&mut account, amount));
    }
    save(&storage, from_ref(&account), &entries).await;
    assert_eq!(account.lots[0].remaining, krw(5_679));
    assert_kept(&storage, &account).await;

    // An old lot, a new one that is emptied at once, and one that stays.
    let mut entries = vec![fixtures.grant(&mut account, 50, 3), fixtures.spend(&mut account, 70)];
    entries.push(fixtures.grant(&mut account, 900, 4));
    entries.push(fixtures.spend(&mut account, 1));
    save(&storage, from_ref(&account), &entries).await;
    assert_kept(&storage, &account).await;
}

pub(crate) async fn one_set_changes_many_accounts<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(107);
    let mut accounts: Vec<PointAccount> =
        (0..30).map(|_| PointAccount::open(fixtures.id(), Currency::KRW)).collect();
    add_accounts(&storage, &accounts).await;
    for _ in 0..3 {
        let mut entries = Vec::new();
        // In turns, so that no account's entries stand together.
        for _ in 0..3 {
            for account in accounts.iter_mut().take(25) {
                let amount = 1 + i64::from(fixtures.below(1_000));
                entries.push(match fixtures.below(3) {
                    0 => fixtures.charge(account, amount),
                    1 => fixtures.grant(account, amount, amount),
                    _ => fixtures.spend(account, account.balance.amount() / 2),
                });
            }
        }
        save(&storage, &accounts[..25], &entries).await;
    }
    for account in &accounts {
        assert_kept(&storage, account).await;
    }
}

/// Any sequence of charges, grants, spendings and expiries, drawn from one seed.
pub(crate) async fn whatever_happens_points_are_conserved<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(108);
    let mut account = open(&storage, &fixtures).await;
    let mut all = Vec::new();
    for _ in 0..40 {
        fixtures.clock.advance(TimeDelta::hours(i64::from(fixtures.below(30))));
        let mut entries = account.expire_due(|| fixtures.id(), fixtures.now());
        let available = u32::try_from(account.available(fixtures.now()).amount()).unwrap();
        entries.push(match fixtures.below(4) {
            0 => fixtures.charge(&mut account, 1 + i64::from(fixtures.below(5_000))),
            1 => fixtures.grant(
                &mut account,
                1 + i64::from(fixtures.below(5_000)),
                1 + i64::from(fixtures.below(5)),
            ),
            _ => fixtures.spend(&mut account, i64::from(fixtures.below(available + 1))),
        });
        save(&storage, from_ref(&account), &entries).await;
        all.append(&mut entries);
        assert_kept(&storage, &account).await;
    }
    all.reverse();
    let expected: Vec<PointEntry> = all.iter().map(listed).collect();
    for limit in [1, 7, 100] {
        assert_eq!(history(&storage, account.user, limit).await, expected, "pages of {limit}");
    }
}

pub(crate) async fn a_history_is_listed_newest_first_for_its_user_only<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(109);
    let (mut account, mut other) = (open(&storage, &fixtures).await, open(&storage, &fixtures).await);
    // All in one millisecond: the sequence alone decides.
    let mut entries: Vec<PointEntry> = (1..=25).map(|n| fixtures.charge(&mut account, n)).collect();
    entries.push(fixtures.spend(&mut account, 0));
    entries.push(fixtures.spend(&mut account, 325));
    entries.push(PointEntry {
        reason: Some("'; DROP --\n🎁 사유".to_owned()),
        ..fixtures.grant(&mut account, 3, 1)
    });
    entries.extend(account.close(|| fixtures.id(), fixtures.in_millis(1)));
    let others = [fixtures.charge(&mut other, 7)];
    save(&storage, &[account.clone(), other.clone()], &[&entries[..], &others[..]].concat()).await;

    let kinds =
        [PointEntryKind::Expired, PointEntryKind::Granted, PointEntryKind::Spent, PointEntryKind::Spent];
    entries.reverse();
    assert!(entries.iter().map(|entry| entry.kind).take(4).eq(kinds));
    let expected: Vec<PointEntry> = entries.iter().map(listed).collect();
    for limit in [1, 10, 29, 100] {
        assert_eq!(history(&storage, account.user, limit).await, expected, "pages of {limit}");
    }
    assert_eq!(history(&storage, other.user, 10).await, others.map(|entry| listed(&entry)));
}

pub(crate) async fn an_entry_that_refunds_reads_back<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(110);
    let mut account = open(&storage, &fixtures).await;
    let charged = fixtures.charge(&mut account, 500);
    let spent = fixtures.spend(&mut account, 200);
    let lot = charged.new_lot.unwrap().id;
    // No rule gives points back yet, but the contract knows the kind.
    let back = PointEntry {
        id: fixtures.id(),
        sequence: 3,
        kind: PointEntryKind::Refunded,
        amount: krw(150),
        balance: krw(450),
        movements: vec![LotMovement { lot, amount: krw(150) }],
        ..spent.clone()
    };
    account.balance = krw(450);
    account.sequence = 3;
    account.lots[0].remaining = krw(450);
    save(&storage, from_ref(&account), &[charged, spent, back.clone()]).await;
    assert_kept(&storage, &account).await;
    assert_eq!(history(&storage, account.user, 1).await[0], listed(&back));
}

pub(crate) async fn refuses_a_second_entry_of_a_sequence<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(111);
    let mut account = open(&storage, &fixtures).await;
    let first = fixtures.spend(&mut account, 0);
    save(&storage, from_ref(&account), from_ref(&first)).await;
    let again = PointEntry { id: fixtures.id(), ..first };
    let mut tx = begin(&storage).await;
    tx.lock_point_accounts(&ids([account.user])).await.unwrap();
    let saved = tx.save_points(from_ref(&account), &[again]).await;
    assert_lost_race(&finish(tx, saved).await);
    assert_eq!(history(&storage, account.user, 10).await.len(), 1);
}

/// The storage itself refuses to be wrong.
pub(crate) async fn refuses_a_balance_below_zero<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(112);
    let account = open(&storage, &fixtures).await;
    let mut overdrawn = account.clone();
    let entry = fixtures.spend(&mut overdrawn, 0);
    overdrawn.balance = krw(-1);
    let entry = PointEntry { amount: krw(-1), balance: krw(-1), ..entry };
    let mut tx = begin(&storage).await;
    tx.lock_point_accounts(&ids([account.user])).await.unwrap();
    let saved = tx.save_points(&[overdrawn], &[entry]).await;
    assert_fatal(&finish(tx, saved).await);
    assert_kept(&storage, &account).await;
}

/// The storage itself refuses to be wrong.
pub(crate) async fn refuses_a_lot_below_zero_or_above_its_amount<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(113);
    let mut account = open(&storage, &fixtures).await;
    let entries = [fixtures.charge(&mut account, 100), fixtures.charge(&mut account, 1_000)];
    save(&storage, from_ref(&account), &entries).await;
    let lot = entries[0].new_lot.unwrap().id;
    for moved in [-101, 1] {
        let mut changed = account.clone();
        let entry = fixtures.spend(&mut changed, 0);
        changed.balance = krw(1_100 + moved);
        let movements = vec![LotMovement { lot, amount: krw(moved) }];
        let entry = PointEntry { amount: krw(moved), balance: changed.balance, movements, ..entry };
        let mut tx = begin(&storage).await;
        tx.lock_point_accounts(&ids([account.user])).await.unwrap();
        let saved = tx.save_points(&[changed], &[entry]).await;
        assert_fatal(&finish(tx, saved).await);
        assert_kept(&storage, &account).await;
    }
}

pub(crate) async fn a_lock_on_an_account_waits_and_sees_what_was_committed<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(114);
    let mut account = open(&storage, &fixtures).await;
    let charged = fixtures.charge(&mut account, 1_000);
    save(&storage, from_ref(&account), &[charged]).await;
    let user = account.user;
    let mut tx = begin(&storage).await;
    let mut mine = tx.lock_point_accounts(&ids([user])).await.unwrap().remove(&user).unwrap();
    let mut waiting = tokio::spawn({
        let storage = storage.clone();
        async move {
            let mut tx = begin(&storage).await;
            tx.lock_point_accounts(&ids([user])).await.unwrap().remove(&user)
        }
    });
    assert_waits(&mut waiting).await;
    let entries = [fixtures.spend(&mut mine, 1), fixtures.grant(&mut mine, 5, 5)];
    tx.save_points(from_ref(&mine), &entries).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(outcome(waiting).await.map(by_lot), Some(by_lot(mine)));
}

pub(crate) async fn of_accounts_opened_for_a_user_at_once_one_wins<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(115);
    let account = PointAccount::open(fixtures.id(), Currency::KRW);
    let outcomes = at_once(5, |_| {
        let (storage, account) = (storage.clone(), account.clone());
        async move {
            let mut tx = begin(&storage).await;
            let inserted = tx.insert_point_accounts(&[account]).await;
            tokio::task::yield_now().await;
            finish(tx, inserted).await
        }
    })
    .await;
    assert_one_winner(outcomes);
}

/// Twenty payments of 100 out of 1,000 points: ten are paid.
pub(crate) async fn spending_at_once_never_overdraws<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(116);
    let mut account = open(&storage, &fixtures).await;
    let entries = [fixtures.grant(&mut account, 350, 1), fixtures.charge(&mut account, 650)];
    save(&storage, from_ref(&account), &entries).await;
    let user = account.user;
    let paid = at_once(20, |_| {
        let (storage, fixtures) = (storage.clone(), fixtures.clone());
        async move {
            let mut tx = begin(&storage).await;
            let mut account = tx.lock_point_accounts(&ids([user])).await.unwrap().remove(&user).unwrap();
            let spent =
                account.spend(fixtures.id(), krw(100), (fixtures.id(), fixtures.id()), fixtures.now());
            let Ok(entry) = spent else {
                tx.rollback().await.unwrap();
                return false;
            };
            tx.save_points(&[account], &[entry]).await.unwrap();
            tx.commit().await.unwrap();
            true
        }
    })
    .await;
    assert_eq!(paid.into_iter().filter(|paid| *paid).count(), 10);
    let emptied = PointAccount { balance: krw(0), sequence: 12, lots: Vec::new(), ..account };
    assert_kept(&storage, &emptied).await;
    let sequences: Vec<i64> = history(&storage, user, 5).await.iter().map(|entry| entry.sequence).collect();
    assert!(sequences.into_iter().rev().eq(1..=12));
}
