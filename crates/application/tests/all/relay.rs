//! The relay against the storage in memory: order, repetition, failing sinks, and who may deliver.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::slice::from_ref;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use chrono::TimeDelta;
use jangteo_application::{
    Aggregate, Envelope, Event, EventData, EventKind, EventSink, Outbox, OutboxQueries, Relay, Relayed,
    SinkError,
};
use jangteo_shared_kernel::{StorageError, atomically};
use jangteo_storage_memory::{MemoryStorage, MemoryTransaction};
use serde_json::json;
use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

use crate::shop::Shop;

/// Remembers what it was handed, may refuse some of it, and may be made to wait.
#[derive(Default)]
pub(crate) struct Sink {
    taken: Mutex<Vec<(String, i64)>>,
    refused: Mutex<Option<(String, i64)>>,
    gate: Option<Semaphore>,
}

impl EventSink for Sink {
    async fn deliver_event(&self, envelope: &Envelope) -> Result<(), SinkError> {
        let event = (envelope.subject.clone(), envelope.sequence.parse()?);
        if let Some(gate) = &self.gate {
            gate.acquire().await?.forget();
        }
        if self.refused.lock().unwrap().as_ref() == Some(&event) {
            return Err("refused".into());
        }
        self.taken.lock().unwrap().push(event);
        Ok(())
    }
}

impl Sink {
    fn gated() -> Self {
        Self { gate: Some(Semaphore::new(0)), ..Self::default() }
    }

    fn open(&self, permits: usize) {
        self.gate.as_ref().unwrap().add_permits(permits);
    }

    /// What was taken, by subject.
    fn taken(&self) -> BTreeMap<String, Vec<i64>> {
        let mut subjects = BTreeMap::<String, Vec<i64>>::new();
        for (subject, version) in self.taken.lock().unwrap().iter() {
            subjects.entry(subject.clone()).or_default().push(*version);
        }
        subjects
    }

    fn of(&self, subject: Uuid) -> Vec<i64> {
        self.taken().remove(&format!("order/{subject}")).unwrap_or_default()
    }
}

/// A relay, and what tells it to stop.
fn relay(shop: &Shop) -> (Relay, watch::Sender<bool>) {
    let (sender, stopping) = watch::channel(false);
    (Relay::new(shop.sources.clone(), stopping), sender)
}

fn subject(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn event(shop: &Shop, subject: Uuid, version: i64) -> Event {
    let now = shop.sources.now();
    Event {
        id: shop.sources.id(now),
        kind: EventKind::OrderPlaced,
        aggregate: Aggregate::Order,
        subject,
        version,
        occurred_at: now,
        data: EventData::of(&json!({})),
    }
}

async fn tell(storage: &MemoryStorage, events: &[Event]) {
    let told: Result<(), StorageError> =
        atomically(storage, async |tx: &mut MemoryTransaction| tx.append_events(events).await).await;
    told.unwrap();
}

async fn tell_versions(shop: &Shop, subjects: &[Uuid], versions: std::ops::RangeInclusive<i64>) {
    for version in versions {
        let events: Vec<Event> = subjects.iter().map(|subject| event(shop, *subject, version)).collect();
        tell(&shop.storage, &events).await;
    }
}

async fn is_empty(storage: &MemoryStorage) -> bool {
    storage.last_undelivered_event().await.unwrap().is_none()
}

/// Goes as far as it can without what it waits for.
async fn assert_waits<F: Future + Unpin>(future: &mut F) {
    let state = poll_fn(|context| Poll::Ready(Pin::new(&mut *future).poll(context).is_pending()));
    assert!(state.await, "it does not wait");
}

#[tokio::test]
async fn delivers_each_event_once_in_order_and_forgets_it() {
    let shop = Shop::new();
    let (user, sticker) = (shop.customer_with(5_000).await, shop.product(0, 5).await);
    shop.place(user, &[(sticker, 1)]).await;
    let (mut relay, _stop) = relay(&shop);
    let sink = Sink::default();
    let told = u64::try_from(shop.storage.events().len()).unwrap();
    let relayed = relay.relay_pass(&shop.storage, &sink).await.unwrap();
    assert_eq!(relayed, Relayed { delivered: told, ..Relayed::default() });
    assert!(is_empty(&shop.storage).await);
    assert_eq!(relay.relay_pass(&shop.storage, &sink).await.unwrap(), Relayed::default());
    let taken = sink.taken();
    assert_eq!(taken[&format!("user/{user}")], [1]);
    assert!(taken[&format!("point-account/{user}")].is_sorted());
    // Placed, and then paid.
    let order = taken.iter().find(|(subject, _)| subject.starts_with("order/")).unwrap();
    assert_eq!(order.1, &[1, 2]);
}

#[tokio::test]
async fn a_refused_event_holds_up_its_aggregate_and_no_other() {
    let shop = Shop::new();
    let subjects = [subject(1), subject(2), subject(3)];
    tell_versions(&shop, &subjects, 1..=5).await;
    let sink = Sink::default();
    *sink.refused.lock().unwrap() = Some((format!("order/{}", subject(2)), 3));
    let (mut relay, _stop) = relay(&shop);
    let relayed = relay.relay_pass(&shop.storage, &sink).await.unwrap();
    assert_eq!(relayed, Relayed { delivered: 12, failed: 1, elsewhere: false });
    assert_eq!(subjects.map(|subject| sink.of(subject).len()), [5, 2, 5]);

    // It is tried again, with the same outcome, and what is told meanwhile waits behind it.
    tell_versions(&shop, &subjects, 6..=6).await;
    let relayed = relay.relay_pass(&shop.storage, &sink).await.unwrap();
    assert_eq!((relayed.delivered, relayed.failed), (2, 1));
    *sink.refused.lock().unwrap() = None;
    let relayed = relay.relay_pass(&shop.storage, &sink).await.unwrap();
    assert_eq!((relayed.delivered, relayed.failed), (4, 0));
    assert_eq!(subjects.map(|subject| sink.of(subject)), [(); 3].map(|()| (1..=6).collect::<Vec<_>>()));
    assert!(is_empty(&shop.storage).await);
}

/// More than fits into a batch, most of it of one aggregate that nobody takes.
#[tokio::test]
async fn an_aggregate_that_fails_with_many_events_does_not_block_the_rest() {
    let shop = Shop::new();
    let stuck: Vec<Event> = (1..=1_000).map(|version| event(&shop, subject(5), version)).collect();
    tell(&shop.storage, &stuck).await;
    let others: Vec<Uuid> = (0..900).filter(|n| *n != 5).map(subject).collect();
    tell_versions(&shop, &others, 1..=2).await;
    let sink = Sink::default();
    *sink.refused.lock().unwrap() = Some((format!("order/{}", subject(5)), 1));
    let (mut relay, _stop) = relay(&shop);
    // The last aggregate of a batch may be cut; the next pass has the rest of it.
    for _ in 0..2 {
        assert_eq!(relay.relay_pass(&shop.storage, &sink).await.unwrap().failed, 1);
    }
    assert!(others.iter().all(|subject| sink.of(*subject) == [1, 2]));
    assert_eq!(sink.of(subject(5)), [0_i64; 0]);
    *sink.refused.lock().unwrap() = None;
    while relay.relay_pass(&shop.storage, &sink).await.unwrap().delivered > 0 {}
    assert_eq!(sink.of(subject(5)), (1..=1_000).collect::<Vec<_>>());
}

/// Writers of the same things, and two relays that both try all the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_relays_at_once_deliver_each_event_once_and_in_order() {
    const VERSIONS: i64 = 100;
    static WRITTEN: AtomicBool = AtomicBool::new(false);
    let shop = Shop::new();
    let sink = std::sync::Arc::new(Sink::default());
    let relays: Vec<_> = (0..2)
        .map(|_| {
            let (shop, sink) = (shop.clone(), sink.clone());
            tokio::spawn(async move {
                let (mut relay, _stop) = relay(&shop);
                let mut delivered = 0;
                while !WRITTEN.load(Ordering::SeqCst) || !is_empty(&shop.storage).await {
                    delivered += relay.relay_pass(&shop.storage, &*sink).await.unwrap().delivered;
                    // Each in turn gives up the lease, so that it changes hands.
                    relay.release(&shop.storage).await.unwrap();
                    tokio::task::yield_now().await;
                }
                delivered
            })
        })
        .collect();
    let writers: Vec<_> = (1..=4)
        .map(|n| {
            let shop = shop.clone();
            tokio::spawn(
                async move { tell_versions(&shop, &[subject(n), subject(n + 10)], 1..=VERSIONS).await },
            )
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    WRITTEN.store(true, Ordering::SeqCst);
    let mut delivered = 0;
    for relay in relays {
        delivered += relay.await.unwrap();
    }
    assert_eq!(delivered, 800);
    let taken = sink.taken();
    assert_eq!(taken.len(), 8);
    assert!(taken.values().all(|versions| versions.iter().copied().eq(1..=VERSIONS)), "{taken:?}");
}

#[tokio::test]
async fn while_one_has_the_lease_the_other_delivers_nothing() {
    let shop = Shop::new();
    let ((mut first, _stop), (mut second, _other)) = (relay(&shop), relay(&shop));
    let sink = Sink::default();
    tell_versions(&shop, &[subject(1)], 1..=1).await;
    assert_eq!(first.relay_pass(&shop.storage, &sink).await.unwrap().delivered, 1);
    tell_versions(&shop, &[subject(1)], 2..=2).await;
    let elsewhere = Relayed { elsewhere: true, ..Relayed::default() };
    shop.clock.advance(TimeDelta::seconds(29));
    assert_eq!(second.relay_pass(&shop.storage, &sink).await.unwrap(), elsewhere);
    // What it uses it renews.
    assert_eq!(first.relay_pass(&shop.storage, &sink).await.unwrap().delivered, 1);
    tell_versions(&shop, &[subject(1)], 3..=3).await;
    shop.clock.advance(TimeDelta::seconds(29));
    assert_eq!(second.relay_pass(&shop.storage, &sink).await.unwrap(), elsewhere);
    shop.clock.advance(TimeDelta::seconds(1));
    assert_eq!(second.relay_pass(&shop.storage, &sink).await.unwrap().delivered, 1);
    tell_versions(&shop, &[subject(1)], 4..=4).await;
    assert_eq!(first.relay_pass(&shop.storage, &sink).await.unwrap(), elsewhere);
    // Giving up what somebody else has changes nothing; giving up one's own frees it at once.
    first.release(&shop.storage).await.unwrap();
    assert_eq!(first.relay_pass(&shop.storage, &sink).await.unwrap(), elsewhere);
    second.release(&shop.storage).await.unwrap();
    assert_eq!(first.relay_pass(&shop.storage, &sink).await.unwrap().delivered, 1);
    assert_eq!(sink.of(subject(1)), [1, 2, 3, 4]);
}

/// The first is held up in the middle of a delivery until its lease has run out and somebody else has gone on.
#[tokio::test]
async fn a_relay_that_was_held_up_stops_where_it_is_once_its_lease_has_run_out() {
    let shop = Shop::new();
    tell_versions(&shop, &[subject(1)], 1..=4).await;
    let ((mut first, _stop), (mut second, _other)) = (relay(&shop), relay(&shop));
    let (slow, quick) = (Sink::gated(), Sink::default());
    slow.open(1);
    let mut held_up = Box::pin(first.relay_pass(&shop.storage, &slow));
    // It has delivered the first event and waits with the second.
    assert_waits(&mut held_up).await;
    assert_eq!(slow.of(subject(1)), [1]);

    shop.clock.advance(TimeDelta::seconds(31));
    // Nothing was marked yet, so all of it comes again.
    assert_eq!(second.relay_pass(&shop.storage, &quick).await.unwrap().delivered, 4);
    assert_eq!(quick.of(subject(1)), [1, 2, 3, 4]);
    slow.open(100);
    // What was on its way arrives, and nothing after it.
    assert_eq!(held_up.await.unwrap(), Relayed { delivered: 2, ..Relayed::default() });
    assert_eq!(slow.of(subject(1)), [1, 2]);
    tell_versions(&shop, &[subject(1)], 5..=5).await;
    assert!(first.relay_pass(&shop.storage, &slow).await.unwrap().elsewhere);
    assert_eq!(second.relay_pass(&shop.storage, &quick).await.unwrap().delivered, 1);
    assert!(is_empty(&shop.storage).await);
}

/// What a crash between delivery and mark does.
#[tokio::test]
async fn what_was_delivered_and_not_marked_is_delivered_again() {
    let shop = Shop::new();
    tell_versions(&shop, &[subject(1)], 1..=3).await;
    let (mut first, _stop) = relay(&shop);
    let sink = Sink::gated();
    sink.open(2);
    {
        let mut pass = Box::pin(first.relay_pass(&shop.storage, &sink));
        assert_waits(&mut pass).await;
    }
    drop(first);
    sink.open(100);
    let (mut second, _other) = relay(&shop);
    assert!(
        second.relay_pass(&shop.storage, &sink).await.unwrap().elsewhere,
        "the lease has to run out first"
    );
    shop.clock.advance(TimeDelta::seconds(30));
    assert_eq!(second.relay_pass(&shop.storage, &sink).await.unwrap().delivered, 3);
    assert_eq!(sink.of(subject(1)), [1, 2, 1, 2, 3]);
    assert!(is_empty(&shop.storage).await);
}

#[tokio::test]
async fn a_relay_that_is_told_to_stop_marks_what_it_has_delivered() {
    let shop = Shop::new();
    tell_versions(&shop, &[subject(1), subject(2)], 1..=3).await;
    let (mut relay, sender) = relay(&shop);
    let sink = Sink::gated();
    sink.open(1);
    let mut pass = Box::pin(relay.relay_pass(&shop.storage, &sink));
    assert_waits(&mut pass).await;
    sender.send_replace(true);
    sink.open(100);
    // One event was delivered, and one of each thing was on its way.
    assert_eq!(pass.await.unwrap().delivered, 3);
    assert_eq!(relay.relay_pass(&shop.storage, &sink).await.unwrap(), Relayed::default());
    let (mut next, _stop) = self::relay(&shop);
    relay.release(&shop.storage).await.unwrap();
    assert_eq!(next.relay_pass(&shop.storage, &sink).await.unwrap().delivered, 3);
    assert_eq!([1, 2].map(|n| sink.of(subject(n))), [[1, 2, 3], [1, 2, 3]]);
}

#[tokio::test]
async fn an_event_told_while_a_pass_is_under_way_waits_for_the_next() {
    let shop = Shop::new();
    tell_versions(&shop, &[subject(1)], 1..=1).await;
    let (mut relay, _stop) = relay(&shop);
    let sink = Sink::gated();
    let mut pass = Box::pin(relay.relay_pass(&shop.storage, &sink));
    assert_waits(&mut pass).await;
    tell(&shop.storage, from_ref(&event(&shop, subject(0), 1))).await;
    tell(&shop.storage, from_ref(&event(&shop, subject(1), 2))).await;
    sink.open(100);
    assert_eq!(pass.await.unwrap().delivered, 1);
    assert_eq!(relay.relay_pass(&shop.storage, &sink).await.unwrap().delivered, 2);
    assert_eq!([0, 1].map(|n| sink.of(subject(n)).len()), [1, 2]);
}

/// Figures tell what was delivered, and how old the oldest event is that waits, wherever in the outbox it is.
#[tokio::test]
async fn it_is_told_how_long_events_wait() {
    const LAG: &str = "outbox_lag_seconds";
    let shop = Shop::new();
    let (mut relay, _stop) = relay(&shop);
    let sink = Sink::default();
    *sink.refused.lock().unwrap() = Some((format!("order/{}", subject(2)), 1));
    tell(&shop.storage, &[event(&shop, subject(2), 1)]).await;
    shop.clock.advance(TimeDelta::seconds(3));
    tell(&shop.storage, &[event(&shop, subject(1), 1), event(&shop, subject(3), 1)]).await;
    shop.clock.advance(TimeDelta::seconds(2));
    for (lag, delivered, failed) in [("5.0", "2", "1"), ("6.0", "2", "2")] {
        relay.relay_pass(&shop.storage, &sink).await.unwrap();
        let figures = [LAG, "event_deliveries_total", "event_delivery_failures_total"];
        assert_eq!(figures.map(|name| shop.figure(name)), [lag, delivered, failed]);
        shop.clock.advance(TimeDelta::seconds(1));
    }
    *sink.refused.lock().unwrap() = None;
    relay.relay_pass(&shop.storage, &sink).await.unwrap();
    assert_eq!(shop.figure(LAG), "7.0");
    relay.relay_pass(&shop.storage, &sink).await.unwrap();
    assert_eq!(shop.figure(LAG), "0.0");
}
