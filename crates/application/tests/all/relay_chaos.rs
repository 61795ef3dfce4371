//! The relay under everything at once: random tellers, failing sinks, crashes and leases that run out, each run decided
//! by a seed.

use std::collections::BTreeMap;
use std::sync::Mutex;

use chrono::TimeDelta;
use jangteo_application::{
    Aggregate, Envelope, Event, EventData, EventKind, EventSink, Outbox, OutboxQueries, Relay, SinkError,
};
use jangteo_shared_kernel::{Transaction, UnitOfWork};
use jangteo_storage_memory::MemoryTransaction;
use serde_json::json;
use tokio::sync::watch;
use uuid::Uuid;

use crate::shop::Shop;

const RUNS: u64 = 300;
const STEPS: u32 = 150;
const THINGS: usize = 6;

/// Numbers from a seed (`SplitMix64`).
struct Dice(Mutex<u64>);

impl Dice {
    fn below(&self, bound: u32) -> u32 {
        let mut state = self.0.lock().unwrap();
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((mixed ^ (mixed >> 31)) % u64::from(bound)).unwrap()
    }

    fn one_in(&self, n: u32) -> bool {
        self.below(n) == 0
    }
}

/// Takes its time, during which the clock may move, and refuses at random.
struct Moody<'a> {
    dice: &'a Dice,
    shop: &'a Shop,
    wild: bool,
    calm: Mutex<bool>,
    taken: Mutex<BTreeMap<String, Vec<i64>>>,
}

impl EventSink for Moody<'_> {
    async fn deliver_event(&self, envelope: &Envelope) -> Result<(), SinkError> {
        for _ in 0..self.dice.below(3) {
            tokio::task::yield_now().await;
        }
        let calm = *self.calm.lock().unwrap();
        if self.wild && !calm && self.dice.one_in(12) {
            self.shop.clock.advance(TimeDelta::seconds(self.dice.below(40).into()));
        }
        if !calm && self.dice.one_in(8) {
            return Err("not in the mood".into());
        }
        let version = envelope.sequence.parse()?;
        self.taken.lock().unwrap().entry(envelope.subject.clone()).or_default().push(version);
        Ok(())
    }
}

/// A thing, its last committed version, and the transaction that has it locked.
#[derive(Default)]
struct Thing {
    version: i64,
    open: Option<(MemoryTransaction, i64)>,
}

async fn tell(shop: &Shop, dice: &Dice, n: usize, thing: &mut Thing) {
    let (mut tx, mut version) = match thing.open.take() {
        Some(open) => open,
        None => (shop.storage.begin().await.unwrap(), thing.version),
    };
    let events: Vec<Event> = (0..=dice.below(3))
        .map(|_| {
            version += 1;
            Event {
                // Ids of several clocks: they do not sort as versions do.
                id: shop.sources.id(shop.sources.now() - TimeDelta::seconds(dice.below(90).into())),
                kind: EventKind::OrderPlaced,
                aggregate: Aggregate::Order,
                subject: Uuid::from_u128(n as u128),
                version,
                occurred_at: shop.sources.now(),
                data: EventData::of(&json!({})),
            }
        })
        .collect();
    tx.append_events(&events).await.unwrap();
    match dice.below(6) {
        0 => tx.rollback().await.unwrap(),
        1 | 2 => thing.open = Some((tx, version)),
        _ => {
            tx.commit().await.unwrap();
            thing.version = version;
        }
    }
}

fn relay(shop: &Shop) -> Relay {
    // A channel whose sender is gone keeps its value.
    Relay::new(shop.sources.clone(), watch::channel(false).1)
}

/// A pass that may be cut off somewhere, as a crash does; the relay is a new one then.
async fn pass(shop: &Shop, sink: &Moody<'_>, relay: &mut Relay, crash_after: Option<u32>) {
    let crash = async {
        match crash_after {
            Some(yields) => {
                for _ in 0..yields {
                    tokio::task::yield_now().await;
                }
            }
            None => std::future::pending().await,
        }
    };
    let crashed = tokio::select! {
        biased;
        passed = relay.relay_pass(&shop.storage, sink) => {
            passed.unwrap();
            false
        }
        () = crash => true,
    };
    if crashed {
        *relay = self::relay(shop);
    }
}

/// One run. A wild one has crashes and leases that run out in the middle of a pass; without those, nothing comes twice.
async fn run(seed: u64, wild: bool) {
    let (shop, dice) = (Shop::new(), Dice(Mutex::new(seed)));
    let sink = Moody { dice: &dice, shop: &shop, wild, calm: Mutex::new(false), taken: Mutex::default() };
    let mut things: [Thing; THINGS] = Default::default();
    let mut relays = [relay(&shop), relay(&shop)];
    for _ in 0..STEPS {
        let crash = |odds| (wild && dice.one_in(odds)).then(|| dice.below(8));
        let [first, second] = &mut relays;
        match dice.below(8) {
            0..4 => {
                let n = dice.below(u32::try_from(THINGS).unwrap()) as usize;
                tell(&shop, &dice, n, &mut things[n]).await;
            }
            4 => pass(&shop, &sink, first, crash(3)).await,
            5 => pass(&shop, &sink, second, crash(3)).await,
            6 => {
                let crashes = [crash(3), crash(3)];
                tokio::join!(pass(&shop, &sink, first, crashes[0]), pass(&shop, &sink, second, crashes[1]));
            }
            _ => shop.clock.advance(TimeDelta::seconds(dice.below(25).into())),
        }
    }
    for thing in &mut things {
        if let Some((tx, version)) = thing.open.take() {
            tx.commit().await.unwrap();
            thing.version = version;
        }
    }
    *sink.calm.lock().unwrap() = true;
    shop.clock.advance(TimeDelta::minutes(1));
    let mut last = relay(&shop);
    last.relay_pass(&shop.storage, &sink).await.unwrap();
    assert_eq!(shop.storage.last_undelivered_event().await.unwrap(), None, "seed {seed}");

    let taken = sink.taken.lock().unwrap();
    for (n, thing) in things.iter().enumerate() {
        let all = taken.get(&format!("order/{}", Uuid::from_u128(n as u128))).cloned().unwrap_or_default();
        // Leaving out what is not above the highest before is what a consumer does.
        let mut new = Vec::new();
        for version in &all {
            if new.last().is_none_or(|last| last < version) {
                new.push(*version);
            }
        }
        let expected: Vec<i64> = (1..=thing.version).collect();
        assert_eq!(new, expected, "seed {seed}: {all:?}");
        assert!(wild || all == expected, "seed {seed}: something came twice: {all:?}");
    }
}

#[tokio::test]
async fn without_crashes_each_event_comes_once_and_in_order() {
    for seed in 0..RUNS {
        Box::pin(run(seed, false)).await;
    }
}

#[tokio::test]
async fn with_crashes_and_lost_leases_each_event_comes_in_order() {
    for seed in RUNS..2 * RUNS {
        Box::pin(run(seed, true)).await;
    }
}
