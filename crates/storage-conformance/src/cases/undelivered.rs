//! Events, as the relay reads them.

use std::collections::BTreeSet;

use jangteo_application::{Aggregate, AggregatePosition, Event, EventData, StoredEvent};
use jangteo_shared_kernel::EventId;
use serde_json::json;

use crate::prelude::*;
use crate::support::{at_once, begin, commit, ids, outcome};
use crate::{Fixtures, Storage};

async fn list<S: Storage>(storage: &S, after: Option<&AggregatePosition>, most: u32) -> Vec<StoredEvent> {
    let mut tx = begin(storage).await;
    let events = tx.list_undelivered_events(after, most).await.unwrap();
    tx.rollback().await.unwrap();
    events
}

async fn all<S: Storage>(storage: &S) -> Vec<StoredEvent> {
    list(storage, None, u32::MAX).await
}

fn stored(events: &[Event]) -> Vec<StoredEvent> {
    events.iter().map(StoredEvent::from).collect()
}

/// In the order in which they are read.
fn sorted(events: &[Event]) -> Vec<StoredEvent> {
    let mut events = stored(events);
    events.sort_by_key(|event| (event.position(), event.version, event.id));
    events
}

fn ids_of(events: &[Event]) -> BTreeSet<EventId> {
    events.iter().map(|event| event.id).collect()
}

/// Events of three things with so many versions each, of which two share an id, in no order at all.
fn mixed(fixtures: &Fixtures, versions: i64) -> Vec<Event> {
    let [user, order] = [Aggregate::User, Aggregate::Order].map(|aggregate| fixtures.event(aggregate));
    let account = Event { subject: user.subject, ..fixtures.event(Aggregate::PointAccount) };
    let mut events: Vec<Event> = [user, order, account]
        .iter()
        .flat_map(|event| (1..=versions).map(|version| Event { id: fixtures.id(), version, ..event.clone() }))
        .collect();
    events.sort_by_key(|event| event.id);
    events
}

pub(crate) async fn an_event_reads_back_as_it_was_told<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(160);
    let data = [
        json!(null),
        json!([]),
        json!({ "text": "🧦'\"\\\u{1}".repeat(1_000) }),
        json!({ "deep": { "er": [[{ "est": [i64::MIN, u64::MAX] }]] } }),
    ];
    let mut events: Vec<Event> = data
        .into_iter()
        .map(|data| Event {
            data: EventData::of(&data),
            version: i64::MAX,
            ..fixtures.event(Aggregate::Order)
        })
        .collect();
    events.extend(jangteo_application::EventKind::ALL.iter().map(|kind| Event {
        kind: *kind,
        occurred_at: fixtures.in_millis(877),
        ..fixtures.event(Aggregate::PointAccount)
    }));
    commit!(storage, tx => tx.append_events(&events));
    assert_eq!(all(&storage).await, sorted(&events));
}

pub(crate) async fn events_come_by_aggregate_and_version_whatever_their_ids<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(161);
    let events = mixed(&fixtures, 12);
    for event in events.chunks(5).rev() {
        commit!(storage, tx => tx.append_events(event));
    }
    let listed = all(&storage).await;
    assert_eq!(listed, sorted(&events));
    let runs: Vec<Vec<i64>> = listed
        .chunk_by(StoredEvent::shares_aggregate)
        .map(|run| run.iter().map(|event| event.version).collect())
        .collect();
    assert_eq!(runs, [(); 3].map(|()| (1..=12).collect::<Vec<_>>()));
}

pub(crate) async fn a_page_begins_behind_an_aggregate_and_has_an_end<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(162);
    let events = mixed(&fixtures, 4);
    commit!(storage, tx => tx.append_events(&events));
    let sorted = sorted(&events);
    assert_eq!(list(&storage, None, 0).await, []);
    assert_eq!(list(&storage, None, 5).await, sorted[..5]);
    let positions = [sorted[0].position(), sorted[4].position(), sorted[8].position()];
    assert_eq!(list(&storage, Some(&positions[0]), 100).await, sorted[4..]);
    assert_eq!(list(&storage, Some(&positions[0]), 6).await, sorted[4..10]);
    assert_eq!(list(&storage, Some(&positions[1]), 100).await, sorted[8..]);
    assert_eq!(list(&storage, Some(&positions[2]), 100).await, []);
}

pub(crate) async fn page_by_page_every_aggregate_is_met<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(163);
    let kinds =
        [Aggregate::User, Aggregate::Product, Aggregate::Order, Aggregate::Payment, Aggregate::PointAccount];
    let mut events = Vec::new();
    for _ in 0..100 {
        let event = fixtures.event(fixtures.one_of(&kinds));
        let versions = 1..=i64::from(1 + fixtures.below(4));
        events.extend(versions.map(|version| Event { id: fixtures.id(), version, ..event.clone() }));
    }
    commit!(storage, tx => tx.append_events(&events));
    let (mut met, mut after) = (Vec::new(), None);
    loop {
        // As large as the largest aggregate: then no event is left out.
        let page = list(&storage, after.as_ref(), 7).await;
        let Some(last) = page.last().map(StoredEvent::position) else { break };
        let whole = |event: &StoredEvent| page.len() < 7 || event.position() != last;
        let (first, only) = (page[0].position(), page[0].position() == last);
        met.extend(page.iter().filter(|event| only || whole(event)).cloned());
        let before = page.iter().map(StoredEvent::position).rfind(|position| *position != last);
        after = Some(if page.len() < 7 || only { last } else { before.unwrap_or(first) });
    }
    assert_eq!(met, sorted(&events));
}

pub(crate) async fn the_last_position_is_that_of_the_last_aggregate<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(164);
    assert_eq!(storage.last_undelivered_event().await.unwrap(), None);
    let events = mixed(&fixtures, 3);
    commit!(storage, tx => tx.append_events(&events));
    let mut left = sorted(&events);
    while let Some(last) = left.pop() {
        assert_eq!(storage.last_undelivered_event().await.unwrap(), Some(last.position()));
        commit!(storage, tx => tx.delete_delivered_events(&ids([last.id])));
    }
    assert_eq!(storage.last_undelivered_event().await.unwrap(), None);
}

pub(crate) async fn an_event_is_there_once_it_is_committed<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(165);
    let events = [fixtures.event(Aggregate::Order)];
    let mut tx = begin(&storage).await;
    tx.append_events(&events).await.unwrap();
    assert_eq!(tx.list_undelivered_events(None, 9).await.unwrap(), stored(&events));
    assert_eq!(storage.last_undelivered_event().await.unwrap(), None);
    tx.rollback().await.unwrap();
    assert_eq!(all(&storage).await, []);
    commit!(storage, tx => tx.append_events(&events));
    assert_eq!(all(&storage).await, stored(&events));
}

pub(crate) async fn a_delivered_event_is_gone<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(166);
    let events = mixed(&fixtures, 300);
    commit!(storage, tx => tx.append_events(&events));
    let (gone, left) = events.split_at(400);
    let mut tx = begin(&storage).await;
    assert_eq!(tx.delete_delivered_events(&ids_of(gone)).await.unwrap(), 400);
    assert_eq!(tx.list_undelivered_events(None, u32::MAX).await.unwrap(), sorted(left));
    tx.commit().await.unwrap();
    assert_eq!(all(&storage).await, sorted(left));
    // Once more, with some that are still there and one that never was.
    let mut tx = begin(&storage).await;
    let again = ids_of(&events[..450]).into_iter().chain([fixtures.id()]).collect();
    assert_eq!(tx.delete_delivered_events(&again).await.unwrap(), 50);
    tx.commit().await.unwrap();
    assert_eq!(all(&storage).await, sorted(&events[450..]));
}

pub(crate) async fn a_deletion_of_events_that_is_rolled_back_deletes_nothing<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(167);
    let events = mixed(&fixtures, 2);
    commit!(storage, tx => tx.append_events(&events));
    let mut tx = begin(&storage).await;
    assert_eq!(tx.delete_delivered_events(&ids_of(&events)).await.unwrap(), 6);
    assert_eq!(tx.list_undelivered_events(None, 9).await.unwrap(), []);
    tx.rollback().await.unwrap();
    assert_eq!(all(&storage).await, sorted(&events));
}

pub(crate) async fn deleting_events_at_once_is_safe<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(168);
    let events = mixed(&fixtures, 50);
    commit!(storage, tx => tx.append_events(&events));
    at_once(4, |_| {
        let (storage, delivered) = (storage.clone(), ids_of(&events[..120]));
        async move { commit!(storage, tx => tx.delete_delivered_events(&delivered)) }
    })
    .await;
    assert_eq!(all(&storage).await, sorted(&events[120..]));
}

/// Whoever tells of a thing has locked it, so its versions become visible in their order. A list that were not read
/// from one moment could miss one and see the next.
pub(crate) async fn versions_come_without_a_gap_while_they_are_told<S: Storage>(storage: S) {
    const VERSIONS: i64 = 60;
    let fixtures = Fixtures::seeded(169);
    let things = [(); 3].map(|()| fixtures.event(Aggregate::Product));
    let tellers: Vec<_> = things
        .iter()
        .map(|thing| {
            let (storage, fixtures, thing) = (storage.clone(), fixtures.clone(), thing.clone());
            tokio::spawn(async move {
                for version in 1..=VERSIONS {
                    let event = Event { id: fixtures.id(), version, ..thing.clone() };
                    commit!(storage, tx => tx.append_events(&[event]));
                }
            })
        })
        .collect();
    loop {
        let done = tellers.iter().all(tokio::task::JoinHandle::is_finished);
        let listed = all(&storage).await;
        for run in listed.chunk_by(StoredEvent::shares_aggregate) {
            assert!((1..).zip(run).all(|(version, event)| event.version == version), "a gap");
        }
        if done {
            assert_eq!(listed.len(), 3 * 60);
            break;
        }
        tokio::task::yield_now().await;
    }
    for teller in tellers {
        outcome(teller).await;
    }
}
