//! Stored answers.

use std::collections::{BTreeMap, BTreeSet};
use std::slice::from_ref;

use chrono::TimeDelta;
use jangteo_application::{Answer, Fingerprint, IdempotencyRecord, RecordKey};
use jangteo_shared_kernel::Timestamp;

use crate::prelude::*;
use crate::support::{assert_lost_race, assert_one_winner, at_once, begin, commit, finish, ids};
use crate::{Fixtures, Storage};

fn key_of(record: &IdempotencyRecord) -> RecordKey {
    (record.mark.user, record.mark.key.clone())
}

async fn add<S: Storage>(storage: &S, new: &[IdempotencyRecord]) {
    commit!(*storage, tx => tx.insert_idempotency_records(new));
}

async fn find<S: Storage>(storage: &S, keys: BTreeSet<RecordKey>) -> BTreeMap<RecordKey, IdempotencyRecord> {
    let mut tx = begin(storage).await;
    let found = tx.find_idempotency_records(&keys).await.unwrap();
    tx.rollback().await.unwrap();
    found
}

async fn delete<S: Storage>(storage: &S, cutoff: Timestamp, most: u32) -> u64 {
    let mut tx = begin(storage).await;
    let deleted = tx.delete_idempotency_records_before(cutoff, most).await.unwrap();
    tx.commit().await.unwrap();
    deleted
}

pub(crate) async fn an_answer_reads_back_to_the_byte<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(120);
    let user = fixtures.id();
    let answer =
        |status, location: Option<&str>, body| Answer { status, location: location.map(str::to_owned), body };
    let answers = [
        answer(201, Some("/api/v1/orders/01900000-0000-7000-8000-000000000001"), b"{\"id\":1}".to_vec()),
        answer(204, None, Vec::new()),
        answer(200, Some(""), (0..=255).collect()),
        answer(599, Some("/경로?q=%20'\"\\"), "{\"name\":\"머그 🧦\\u0000\"}".into()),
        answer(100, None, (0..100_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect()),
    ];
    let mut records: Vec<IdempotencyRecord> = answers
        .into_iter()
        .enumerate()
        .map(|(n, answer)| IdempotencyRecord { answer, ..fixtures.record(user, &format!("key-{n}")) })
        .collect();
    records[0].mark.fingerprint = Fingerprint([0; 32]);
    records[1].mark.fingerprint = Fingerprint([0xff; 32]);
    records[2].created_at = fixtures.in_millis(999);
    add(&storage, &records).await;
    let expected: BTreeMap<_, _> = records.into_iter().map(|record| (key_of(&record), record)).collect();
    assert_eq!(find(&storage, expected.keys().cloned().collect()).await, expected);
}

pub(crate) async fn keys_differ_by_every_character<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(121);
    let user = fixtures.id();
    let longest = "k".repeat(255);
    let keys = [
        "a", "A", "aa", "a%", "a_", "%", "_", "'", "\"", "\\", "\\\\", "';--", "{}", "[1]", "null", "0",
        "00", &longest,
    ];
    let records: Vec<IdempotencyRecord> = keys.iter().map(|key| fixtures.record(user, key)).collect();
    add(&storage, &records).await;
    for record in records {
        let found = find(&storage, ids([key_of(&record)])).await;
        assert_eq!(found, BTreeMap::from([(key_of(&record), record)]));
    }
    let near = [&longest[1..], "aA", "b", "A%"].map(|key| (user, key.parse().unwrap()));
    assert!(find(&storage, ids(near)).await.is_empty());
}

pub(crate) async fn an_answer_is_found_outside_a_transaction_once_it_is_committed<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(133);
    let (user, other) = (fixtures.id(), fixtures.id());
    let record = fixtures.record(user, "key");
    let mut tx = begin(&storage).await;
    tx.insert_idempotency_records(from_ref(&record)).await.unwrap();
    assert_eq!(storage.find_idempotency_record(&key_of(&record)).await.unwrap(), None);
    tx.commit().await.unwrap();
    for (asked, found) in
        [((user, "key"), Some(record.clone())), ((user, "Key"), None), ((other, "key"), None)]
    {
        let asked = (asked.0, asked.1.parse().unwrap());
        assert_eq!(storage.find_idempotency_record(&asked).await.unwrap(), found);
    }
}

/// A pair is looked for as a pair: neither another's key nor another key.
pub(crate) async fn finds_only_the_pairs_that_were_asked_for<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(122);
    let (first, second) = (fixtures.id(), fixtures.id());
    let records = [
        fixtures.record(first, "x"),
        fixtures.record(first, "y"),
        fixtures.record(second, "x"),
        fixtures.record(second, "z"),
    ];
    add(&storage, &records).await;
    let asked = ids([
        key_of(&records[0]),
        (second, "y".parse().unwrap()),
        (first, "z".parse().unwrap()),
        key_of(&records[3]),
    ]);
    assert!(find(&storage, asked).await.into_values().eq(ids_in_order([&records[0], &records[3]])));
}

fn ids_in_order(records: [&IdempotencyRecord; 2]) -> Vec<IdempotencyRecord> {
    let sorted: BTreeMap<RecordKey, &IdempotencyRecord> =
        records.into_iter().map(|record| (key_of(record), record)).collect();
    sorted.into_values().cloned().collect()
}

pub(crate) async fn finds_a_large_set_of_answers<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(123);
    let records: Vec<IdempotencyRecord> =
        (0..500).map(|n| fixtures.record(fixtures.id(), &format!("{}", n % 7))).collect();
    add(&storage, &records).await;
    let asked: BTreeMap<_, _> =
        records.into_iter().step_by(2).map(|record| (key_of(&record), record)).collect();
    assert_eq!(find(&storage, asked.keys().cloned().collect()).await, asked);
}

pub(crate) async fn refuses_a_second_answer_under_a_key<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(124);
    let user = fixtures.id();
    let first = fixtures.record(user, "key");
    add(&storage, from_ref(&first)).await;
    let second = fixtures.record(user, "key");
    let mut tx = begin(&storage).await;
    assert_lost_race(&tx.insert_idempotency_records(&[fixtures.record(user, "other"), second.clone()]).await);
    tx.rollback().await.unwrap();
    let mut tx = begin(&storage).await;
    let inserted =
        tx.insert_idempotency_records(&[fixtures.record(user, "twin"), fixtures.record(user, "twin")]).await;
    assert_lost_race(&finish(tx, inserted).await);
    // Keys of two users never meet.
    add(&storage, &[fixtures.record(fixtures.id(), "key")]).await;
    let all = ["key", "other", "twin"].map(|key| (user, key.parse().unwrap()));
    assert!(find(&storage, ids(all)).await.into_values().eq([first]));
}

pub(crate) async fn of_answers_under_a_key_at_once_one_wins<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(125);
    let user = fixtures.id();
    let outcomes = at_once(8, |_| {
        let (storage, record) = (storage.clone(), fixtures.record(user, "key"));
        async move {
            let mut tx = begin(&storage).await;
            let inserted = tx.insert_idempotency_records(&[record]).await;
            tokio::task::yield_now().await;
            finish(tx, inserted).await
        }
    })
    .await;
    assert_one_winner(outcomes);
}

pub(crate) async fn deletes_only_what_is_older_than_the_cutoff<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(126);
    let user = fixtures.id();
    let made = |millis: i64| IdempotencyRecord {
        created_at: fixtures.in_millis(millis),
        ..fixtures.record(user, &format!("at{millis}"))
    };
    let records = [made(-86_400_000), made(-2), made(-1), made(0), made(1)];
    add(&storage, &records).await;
    assert_eq!(delete(&storage, fixtures.now(), 100).await, 3);
    assert_eq!(delete(&storage, fixtures.now(), 100).await, 0);
    let left = find(&storage, records.iter().map(key_of).collect()).await;
    assert_eq!(left, records[3..].iter().map(|record| (key_of(record), record.clone())).collect());
    // A key whose answer is gone can be used again.
    add(&storage, &records[..1]).await;
}

pub(crate) async fn deletes_at_most_so_many_answers<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(127);
    let user = fixtures.id();
    let old = fixtures.now() - TimeDelta::days(2);
    let records: Vec<IdempotencyRecord> = (0..25)
        .map(|n| IdempotencyRecord { created_at: old, ..fixtures.record(user, &format!("{n}")) })
        .collect();
    add(&storage, &records).await;
    let all: BTreeSet<RecordKey> = records.iter().map(key_of).collect();
    assert_eq!(delete(&storage, fixtures.now(), 0).await, 0);
    for (deleted, left) in [(10, 15), (10, 5), (5, 0), (0, 0)] {
        assert_eq!(delete(&storage, fixtures.now(), 10).await, deleted);
        assert_eq!(find(&storage, all.clone()).await.len(), left);
    }
}

pub(crate) async fn a_deletion_that_is_rolled_back_deletes_nothing<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(128);
    let record = fixtures.record(fixtures.id(), "key");
    add(&storage, from_ref(&record)).await;
    let mut tx = begin(&storage).await;
    assert_eq!(tx.delete_idempotency_records_before(fixtures.in_millis(1), u32::MAX).await.unwrap(), 1);
    assert!(tx.find_idempotency_records(&ids([key_of(&record)])).await.unwrap().is_empty());
    tx.rollback().await.unwrap();
    assert_eq!(find(&storage, ids([key_of(&record)])).await.len(), 1);
}

/// Jobs on several instances at once delete each record once between them.
pub(crate) async fn deleting_at_once_is_safe<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(129);
    let user = fixtures.id();
    let records: Vec<IdempotencyRecord> = (0..60).map(|n| fixtures.record(user, &format!("{n}"))).collect();
    add(&storage, &records).await;
    let cutoff = fixtures.in_millis(1);
    let deleted = at_once(4, |_| {
        let storage = storage.clone();
        async move {
            let mut sum = 0;
            for _ in 0..20 {
                sum += delete(&storage, cutoff, 7).await;
            }
            sum
        }
    })
    .await;
    let rest = delete(&storage, cutoff, 100).await;
    assert_eq!(deleted.into_iter().sum::<u64>() + rest, 60);
}
