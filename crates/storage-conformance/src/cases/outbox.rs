//! Events, as use cases tell them.

use jangteo_application::{Aggregate, Event, EventData};
use serde_json::json;

use crate::prelude::*;
use crate::support::{assert_lost_race, begin, commit, finish};
use crate::{Fixtures, Storage};

pub(crate) async fn takes_events_of_every_kind<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(140);
    let kinds =
        [Aggregate::User, Aggregate::Product, Aggregate::Order, Aggregate::Payment, Aggregate::PointAccount];
    let mut events: Vec<Event> = kinds.into_iter().map(|kind| fixtures.event(kind)).collect();
    let data = [
        json!(null),
        json!([]),
        json!({ "text": "🧦'\"\\\u{1}".repeat(1_000) }),
        json!({ "deep": { "er": [[{ "est": [i64::MIN, u64::MAX] }]] } }),
    ];
    for data in data {
        events.push(Event {
            data: EventData::of(&data),
            version: i64::MAX,
            ..fixtures.event(Aggregate::Order)
        });
    }
    commit!(storage, tx => tx.append_events(&events); tx.append_events(&[fixtures.event(Aggregate::User)]));
}

pub(crate) async fn takes_a_large_set_of_events<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(141);
    let events: Vec<Event> = (0..1_000).map(|_| fixtures.event(Aggregate::Product)).collect();
    commit!(storage, tx => tx.append_events(&events));
}

pub(crate) async fn refuses_a_second_event_under_an_id<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(142);
    let event = fixtures.event(Aggregate::Order);
    commit!(storage, tx => tx.append_events(std::slice::from_ref(&event)));
    let mut tx = begin(&storage).await;
    let appended = tx.append_events(&[fixtures.event(Aggregate::Order), event]).await;
    assert_lost_race(&finish(tx, appended).await);
}

pub(crate) async fn an_event_that_was_rolled_back_can_be_told_later<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(143);
    let event = [fixtures.event(Aggregate::Payment)];
    let mut tx = begin(&storage).await;
    tx.append_events(&event).await.unwrap();
    tx.rollback().await.unwrap();
    commit!(storage, tx => tx.append_events(&event));
}
