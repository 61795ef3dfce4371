//! The relay on a database file: two processes' worth of relays while others write.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use jangteo_application::{Envelope, Event, EventSink, Outbox, OutboxQueries, Relay, SinkError, Sources};
use jangteo_shared_kernel::{StorageError, atomically};
use jangteo_storage_conformance::{FixedClock, SeededEntropy};
use jangteo_storage_sea_orm::{SeaOrmStorage, SeaOrmTransaction, StorageOptions};
use tokio::sync::watch;
use uuid::Uuid;

use crate::support::{Shop, TestCipher, event, id};

/// Remembers the versions of each subject.
#[derive(Default)]
struct Recording(Mutex<BTreeMap<String, Vec<i64>>>);

impl EventSink for Recording {
    async fn deliver_event(&self, event: &Envelope) -> Result<(), SinkError> {
        tokio::task::yield_now().await;
        let version = event.sequence.parse()?;
        self.0.lock().unwrap().entry(event.subject.clone()).or_default().push(version);
        Ok(())
    }
}

fn relay(seed: u64) -> Relay {
    let sources = Sources::new(Arc::new(FixedClock::default()), Arc::new(SeededEntropy::seeded(seed)));
    Relay::new(sources, watch::channel(false).1)
}

/// Another process: pools of its own on the same file.
async fn another_process(shop: &Shop) -> SeaOrmStorage {
    let url = format!("sqlite://{}", shop.directory().join("shop.db").display());
    SeaOrmStorage::connect(&StorageOptions::new(url), Arc::new(TestCipher::default())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_deliver_each_event_once_and_in_order_while_others_write() {
    const VERSIONS: i64 = 120;
    let shop = Shop::open().await;
    let (sink, written) = (Arc::new(Recording::default()), Arc::new(AtomicBool::new(false)));
    let mut relays = Vec::new();
    for seed in [1, 2] {
        let storage = another_process(&shop).await;
        let (sink, written) = (Arc::clone(&sink), Arc::clone(&written));
        relays.push(tokio::spawn(async move {
            let mut relay = relay(seed);
            let mut delivered = 0;
            while !written.load(Ordering::SeqCst) || storage.last_undelivered_event().await.unwrap().is_some()
            {
                delivered += relay.relay_pass(&storage, &*sink).await.unwrap().delivered;
                relay.release(&storage).await.unwrap();
            }
            storage.close().await.unwrap();
            delivered
        }));
    }
    let writers: Vec<_> = (1..=3_u32)
        .map(|n| {
            let storage = shop.storage.clone();
            tokio::spawn(async move {
                for version in 1..=VERSIONS {
                    // Ids that fall while the versions rise.
                    let number = n * 1_000 - u32::try_from(version).unwrap();
                    let event = Event { id: id(number), version, ..event(number, Uuid::from_u128(n.into())) };
                    let told: Result<(), StorageError> =
                        atomically(&storage, async |tx: &mut SeaOrmTransaction| {
                            tx.append_events(std::slice::from_ref(&event)).await
                        })
                        .await;
                    told.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    written.store(true, Ordering::SeqCst);
    let mut delivered = 0;
    for relay in relays {
        delivered += relay.await.unwrap();
    }
    assert_eq!(delivered, 3 * 120);
    let taken = sink.0.lock().unwrap();
    assert_eq!(taken.len(), 3);
    assert!(taken.values().all(|versions| versions.iter().copied().eq(1..=VERSIONS)), "{taken:?}");
}

#[tokio::test]
async fn a_batch_costs_few_statements_and_waiting_for_nothing_costs_one() {
    let shop = Shop::open().await;
    let events: Vec<Event> = (1..=150).map(|n| event(n, Uuid::from_u128(n.into()))).collect();
    shop.in_one(async |tx| tx.append_events(&events).await).await;
    let (mut relay, sink) = (relay(3), Recording::default());
    shop.take_statements();
    assert_eq!(relay.relay_pass(&shop.storage, &sink).await.unwrap().delivered, 150);
    // The end of the pass, the lease (looked at and taken), the batch, and the deletion.
    assert_eq!(shop.take_statements().len(), 5);
    relay.relay_pass(&shop.storage, &sink).await.unwrap();
    assert_eq!(shop.take_statements().len(), 1);
}

/// What a later release has told is handed on as it is.
#[tokio::test]
async fn an_event_of_an_unknown_kind_is_delivered() {
    let shop = Shop::open().await;
    shop.in_one(async |tx| tx.append_events(&[event(1, Uuid::from_u128(1))]).await).await;
    shop.tamper("UPDATE outbox SET kind = 'parcel.lost.v3', aggregate = 'parcel', version = 7").await;
    let sink = Recording::default();
    assert_eq!(relay(4).relay_pass(&shop.storage, &sink).await.unwrap().delivered, 1);
    let subject = "parcel/00000000-0000-0000-0000-000000000001".to_owned();
    assert_eq!(*sink.0.lock().unwrap(), BTreeMap::from([(subject, vec![7])]));
}

/// An event that cannot be read is named, and is not lost.
#[tokio::test]
async fn an_event_that_cannot_be_read_is_named() {
    let shop = Shop::open().await;
    shop.in_one(async |tx| tx.append_events(&[event(1, Uuid::from_u128(1))]).await).await;
    shop.tamper("UPDATE outbox SET data = '{'").await;
    let failed = relay(5).relay_pass(&shop.storage, &Recording::default()).await.unwrap_err();
    let told = crate::support::told(&failed);
    assert!(told.contains("outbox.data of 01900000-0000-7000-8000-000000000001"), "{told}");
    assert!(shop.storage.last_undelivered_event().await.unwrap().is_some());
}
