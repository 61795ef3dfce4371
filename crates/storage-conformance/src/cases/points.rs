//! Point accounts.

use std::slice::from_ref;

use chrono::TimeDelta;
use jangteo_point::{
    LotMovement, PointAccount, PointEntry, PointEntryKind, PointLot, PointPosition, PointSpending,
};
use jangteo_shared_kernel::{Currency, Money, PageRequest, PointLotId, UserId};

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
    PointEntry { new_lots: Vec::new(), movements: Vec::new(), ..entry.clone() }
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

/// Any sequence of charges, grants, spendings, refunds and expiries, drawn from one seed.
pub(crate) async fn whatever_happens_points_are_conserved<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(108);
    let mut account = open(&storage, &fixtures).await;
    let (mut all, mut spent) = (Vec::new(), Vec::<PointEntry>::new());
    for _ in 0..60 {
        fixtures.clock.advance(TimeDelta::hours(i64::from(fixtures.below(30))));
        let mut entries = account.expire_due(|| fixtures.id(), fixtures.now());
        let available = u32::try_from(account.available(fixtures.now()).amount()).unwrap();
        entries.push(match fixtures.below(6) {
            0 => fixtures.charge(&mut account, 1 + i64::from(fixtures.below(5_000))),
            1 => fixtures.grant(
                &mut account,
                1 + i64::from(fixtures.below(5_000)),
                1 + i64::from(fixtures.below(5)),
            ),
            2 | 3 if !spent.is_empty() => {
                let which = spent.len() - 1 - (fixtures.below(5) as usize).min(spent.len() - 1);
                let mut spending = spending(&storage, &spent[which]).await;
                let left = u32::try_from(spending.left().unwrap().amount()).unwrap();
                give_back(&fixtures, &mut account, i64::from(fixtures.below(left + 1)), &mut spending)
            }
            _ => fixtures.spend(&mut account, i64::from(fixtures.below(available + 1))),
        });
        save(&storage, from_ref(&account), &entries).await;
        let took = |entry: &&PointEntry| entry.kind == PointEntryKind::Spent && !entry.movements.is_empty();
        spent.extend(entries.iter().filter(took).cloned());
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

/// What the payment of an entry took, read under the lock of its account.
async fn spending<S: Storage>(storage: &S, spent: &PointEntry) -> PointSpending {
    let payment = spent.payment.unwrap();
    let mut tx = begin(storage).await;
    tx.lock_point_accounts(&ids([spent.user])).await.unwrap();
    let found = tx.find_point_spendings(&ids([payment])).await.unwrap().remove(&payment).unwrap();
    tx.rollback().await.unwrap();
    found
}

fn give_back(
    fixtures: &Fixtures,
    account: &mut PointAccount,
    amount: i64,
    spending: &mut PointSpending,
) -> PointEntry {
    account.give_back(fixtures.id(), || fixtures.id(), krw(amount), spending, fixtures.now()).unwrap()
}

/// What an entry took, lot by lot.
fn taken(spending: &PointSpending) -> Vec<(PointLotId, i64)> {
    spending.taken.iter().map(|taken| (taken.lot.id, taken.amount.amount())).collect()
}

pub(crate) async fn what_a_payment_took_reads_back_in_the_order_of_spending<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(110);
    let mut account = open(&storage, &fixtures).await;
    let entries: Vec<PointEntry> =
        [30, 10, 20, 5, 25, 15].map(|days| fixtures.grant(&mut account, 100 + days, days)).into();
    save(&storage, from_ref(&account), &entries).await;
    let spent = [fixtures.spend(&mut account, 400), fixtures.spend(&mut account, 100)];
    save(&storage, from_ref(&account), &spent).await;

    let lot = |entry: usize| entries[entry].new_lots[0].id;
    let first = spending(&storage, &spent[0]).await;
    assert_eq!(taken(&first), [(lot(3), 105), (lot(1), 110), (lot(5), 115), (lot(2), 70)]);
    assert_eq!((first.user, Some(first.order)), (account.user, spent[0].order));
    assert_eq!(first.given_back, krw(0));
    // The lots are as they are now, those included that have nothing left.
    let granted = entries[3].new_lots[0];
    assert_eq!(first.taken[0].lot, PointLot { remaining: krw(0), ..granted });
    assert_eq!(taken(&spending(&storage, &spent[1]).await), [(lot(2), 50), (lot(4), 50)]);
}

pub(crate) async fn finds_what_a_set_of_payments_took<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(117);
    let dollars = PointAccount::open(fixtures.id(), "USD".parse().unwrap());
    add_accounts(&storage, from_ref(&dollars)).await;
    let mut accounts = vec![dollars];
    for _ in 0..20 {
        accounts.push(open(&storage, &fixtures).await);
    }
    let (mut entries, mut spent) = (Vec::new(), Vec::new());
    for account in &mut accounts {
        entries.extend([fixtures.charge(account, 1_000), fixtures.grant(account, 50, 1)]);
        for _ in 0..3 {
            spent.push(fixtures.spend(account, 1 + i64::from(fixtures.below(300))));
        }
    }
    let nothing = fixtures.spend(&mut accounts[1], 0);
    entries.extend(spent.iter().cloned().chain([nothing.clone()]));
    save(&storage, &accounts, &entries).await;

    let mut tx = begin(&storage).await;
    tx.lock_point_accounts(&accounts.iter().map(|account| account.user).collect()).await.unwrap();
    // Every second of them, one that took nothing and one that nobody made.
    let wanted: Vec<&PointEntry> = spent.iter().step_by(2).collect();
    let payments = wanted.iter().map(|entry| entry.payment.unwrap());
    let payments = payments.chain([nothing.payment.unwrap(), fixtures.id()]).collect();
    let found = tx.find_point_spendings(&payments).await.unwrap();
    assert_eq!(found.len(), wanted.len());
    for entry in wanted {
        let spending = &found[&entry.payment.unwrap()];
        let moved = entry.movements.iter().map(|movement| (movement.lot, -movement.amount.amount()));
        assert_eq!(taken(spending), moved.collect::<Vec<_>>());
        assert_eq!((spending.user, spending.left()), (entry.user, entry.amount.negated()));
    }
}

pub(crate) async fn refunds_in_part_give_the_lots_back_what_was_taken<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(118);
    let mut account = open(&storage, &fixtures).await;
    let entries = [fixtures.grant(&mut account, 300, 5), fixtures.charge(&mut account, 1_000)];
    save(&storage, from_ref(&account), &entries).await;
    let before = by_lot(account.clone());
    let spent = fixtures.spend(&mut account, 1_300);
    save(&storage, from_ref(&account), from_ref(&spent)).await;
    for amounts in [vec![1], vec![998, 2], vec![0, 299]] {
        let mut spending = spending(&storage, &spent).await;
        // Several of one set, and the next set goes on where the last one ended.
        let back: Vec<PointEntry> = amounts
            .into_iter()
            .map(|amount| give_back(&fixtures, &mut account, amount, &mut spending))
            .collect();
        save(&storage, from_ref(&account), &back).await;
        assert_kept(&storage, &account).await;
        assert_eq!(history(&storage, account.user, 1).await[0], listed(back.last().unwrap()));
    }
    assert_eq!(spending(&storage, &spent).await.left(), Ok(krw(0)));
    assert_eq!(by_lot(account.clone()), PointAccount { sequence: account.sequence, ..before });
}

/// Hard case 9.
pub(crate) async fn points_of_expired_lots_come_back_in_new_ones<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(119);
    let mut account = open(&storage, &fixtures).await;
    let mut entries = [1, 2, 90].map(|days| fixtures.grant(&mut account, 100, days)).to_vec();
    let spent = fixtures.spend(&mut account, 210);
    entries.push(spent.clone());
    save(&storage, from_ref(&account), &entries).await;
    fixtures.clock.advance(TimeDelta::days(2));
    let mut both = spending(&storage, &spent).await;
    let back = give_back(&fixtures, &mut account, 150, &mut both);
    assert_eq!((back.new_lots.len(), back.movements.len()), (2, 3));
    save(&storage, from_ref(&account), from_ref(&back)).await;
    assert_kept(&storage, &account).await;
    // What came back into a new lot is given back, not taken from it.
    let rest = spending(&storage, &spent).await;
    assert_eq!((taken(&rest), rest.given_back), (taken(&both), krw(150)));
}

/// Twenty refunds of 100 out of the 1,000 points of a payment: ten give back.
pub(crate) async fn giving_back_at_once_never_exceeds_what_was_taken<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(120);
    let mut account = open(&storage, &fixtures).await;
    let charged = fixtures.charge(&mut account, 5_000);
    let before = account.clone();
    let spent = fixtures.spend(&mut account, 1_000);
    save(&storage, from_ref(&account), &[charged, spent.clone()]).await;
    let (user, payment) = (account.user, spent.payment.unwrap());
    let given = at_once(20, |_| {
        let (storage, fixtures) = (storage.clone(), fixtures.clone());
        async move {
            let mut tx = begin(&storage).await;
            let mut account = tx.lock_point_accounts(&ids([user])).await.unwrap().remove(&user).unwrap();
            let mut found = tx.find_point_spendings(&ids([payment])).await.unwrap();
            let spending = found.get_mut(&payment).unwrap();
            let back = account.give_back(fixtures.id(), || fixtures.id(), krw(100), spending, fixtures.now());
            let Ok(entry) = back else {
                tx.rollback().await.unwrap();
                return false;
            };
            tx.save_points(&[account], &[entry]).await.unwrap();
            tx.commit().await.unwrap();
            true
        }
    })
    .await;
    assert_eq!(given.into_iter().filter(|given| *given).count(), 10);
    assert_kept(&storage, &PointAccount { sequence: 12, ..before }).await;
}

/// Locks what is due again and again, a few at a time, and writes it off; says whose it was.
async fn expire_all<S: Storage>(storage: &S, fixtures: &Fixtures, most: u32) -> Vec<UserId> {
    let mut users = Vec::new();
    loop {
        let mut tx = begin(storage).await;
        let locked = tx.lock_due_point_accounts(fixtures.now(), most).await.unwrap();
        assert!(locked.len() <= usize::try_from(most).unwrap(), "more than were asked for");
        if locked.is_empty() {
            tx.rollback().await.unwrap();
            return users;
        }
        let (mut changed, mut entries) = (Vec::new(), Vec::new());
        for (user, mut account) in locked {
            users.push(user);
            let written = account.expire_due(|| fixtures.id(), fixtures.now());
            assert!(!written.is_empty(), "nothing was due");
            entries.extend(written);
            changed.push(account);
        }
        tx.save_points(&changed, &entries).await.unwrap();
        tx.commit().await.unwrap();
    }
}

pub(crate) async fn locks_the_accounts_with_lots_that_are_due<S: Storage>(storage: S) {
    for most in [1, 2, 100] {
        let fixtures = Fixtures::seeded(121 + u64::from(most) * 1_000);
        let mut due = Vec::new();
        for days in 1..=7 {
            let mut account = open(&storage, &fixtures).await;
            let mut entries = vec![fixtures.charge(&mut account, 10)];
            // Each has a lot that stays; the first ones have several that go.
            entries.extend([1, days, 30].map(|days| fixtures.grant(&mut account, 20, days)));
            if days == 4 {
                // The one that is due first has nothing left, so that the next decides.
                entries.push(fixtures.spend(&mut account, 20));
            }
            save(&storage, from_ref(&account), &entries).await;
            due.push(account.user);
        }
        let mut emptied = open(&storage, &fixtures).await;
        let entries = [fixtures.grant(&mut emptied, 5, 1), fixtures.spend(&mut emptied, 5)];
        save(&storage, from_ref(&emptied), &entries).await;

        fixtures.clock.advance(TimeDelta::days(1) - TimeDelta::milliseconds(1));
        assert_eq!(expire_all(&storage, &fixtures, most).await, []);
        fixtures.clock.advance(TimeDelta::milliseconds(1));
        let expired = expire_all(&storage, &fixtures, most).await;
        assert_eq!(ids(expired.iter().copied()), ids(due.iter().copied().filter(|user| *user != due[3])));
        assert_eq!(expired.len(), 6, "each once");
        fixtures.clock.advance(TimeDelta::days(3));
        let expired = expire_all(&storage, &fixtures, most).await;
        assert_eq!(ids(expired), ids(due[1..=3].iter().copied()));
        for user in due {
            let account = storage.find_point_account(user).await.unwrap().unwrap();
            assert_kept(&storage, &account).await;
            assert!(account.lots.iter().all(|lot| lot.is_live(fixtures.now())));
        }
        // The lots that are still there would be due in the next round.
        fixtures.clock.advance(TimeDelta::days(30));
        expire_all(&storage, &fixtures, 100).await;
    }
}

pub(crate) async fn locks_none_of_the_accounts_that_are_due_if_none_are_wanted<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(122);
    let mut account = open(&storage, &fixtures).await;
    let granted = fixtures.grant(&mut account, 5, 1);
    save(&storage, from_ref(&account), &[granted]).await;
    fixtures.clock.advance(TimeDelta::days(1));
    let mut tx = begin(&storage).await;
    assert!(tx.lock_due_point_accounts(fixtures.now(), 0).await.unwrap().is_empty());
    let locked = tx.lock_due_point_accounts(fixtures.now(), 1).await.unwrap();
    assert!(locked.into_values().map(by_lot).eq([by_lot(account)]));
}

/// Whether a storage skips the account or waits for it: a job that gets it afterwards would write an expiry twice.
pub(crate) async fn a_due_account_that_somebody_uses_meanwhile_is_left_to_them<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(123);
    let mut accounts = [open(&storage, &fixtures).await, open(&storage, &fixtures).await];
    let granted = [fixtures.grant(&mut accounts[0], 5, 1), fixtures.grant(&mut accounts[1], 5, 2)];
    save(&storage, &accounts, &granted).await;
    fixtures.clock.advance(TimeDelta::days(2));
    let now = fixtures.now();
    let [mut held, free] = accounts;
    let mut charging = begin(&storage).await;
    charging.lock_point_accounts(&ids([held.user])).await.unwrap();
    let mut entries = held.expire_due(|| fixtures.id(), now);
    entries.push(fixtures.charge(&mut held, 7));
    charging.save_points(from_ref(&held), &entries).await.unwrap();
    let other = storage.clone();
    let expiring = tokio::spawn(async move {
        let mut tx = begin(&other).await;
        tx.lock_due_point_accounts(now, 100).await.unwrap()
    });
    tokio::task::yield_now().await;
    charging.commit().await.unwrap();
    assert_eq!(outcome(expiring).await.into_keys().collect::<Vec<_>>(), [free.user]);
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
    let lot = entries[0].new_lots[0].id;
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
