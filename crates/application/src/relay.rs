//! The relay: it hands what the outbox holds to the outside, at least once and in order per aggregate (ADR-032).

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Debug;
use std::time::Duration;

use chrono::TimeDelta;
use jangteo_shared_kernel::{EventId, StorageError, Timestamp, UnitOfWork, atomically};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::lease::{hold_lease, release_lease};
use crate::side_by_side::side_by_side;
use crate::{
    AggregatePosition, Envelope, Lease, LeaseHolderId, LeaseName, LeaseRepository, OutboxQueries, Sources,
    StoredEvent, UndeliveredEvents,
};

/// How many events are read at a time, and at most of one aggregate in one pass. Each batch is a commit of its own, beside
/// those of the shop.
const BATCH: u32 = 500;

/// How long a delivery may take. Then it has failed, as far as anybody knows.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(5);

/// With less than that left of the lease, no delivery begins: it could end after somebody else has taken over. That is
/// the longest delivery, and as much again for clocks that differ.
const NO_DELIVERY_BELOW: TimeDelta = TimeDelta::seconds(10);

/// Why an event was not taken.
pub type SinkError = Box<dyn Error + Send + Sync>;

/// Where events go: a log, a broker, whoever wants to know.
pub trait EventSink: Send + Sync {
    /// Takes an event. `Ok` means that it is safe there: it will not be delivered again, unless this process or its
    /// storage fails right now. MUST put up with being dropped half-way, and with an event that it knows.
    ///
    /// Events of one aggregate come one after the other; those of different ones come side by side.
    fn deliver_event(&self, envelope: &Envelope) -> impl Future<Output = Result<(), SinkError>> + Send;
}

/// What a pass over the outbox did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Relayed {
    /// How many events were delivered.
    pub delivered: u64,
    /// How many were refused. What follows them in their aggregates waits.
    pub failed: u64,
    /// Whether it ended because somebody else holds the lease.
    pub elsewhere: bool,
}

/// Delivers events. One of all relays on a storage does at a time: the one with the lease.
#[derive(Debug)]
pub struct Relay {
    sources: Sources,
    holder: LeaseHolderId,
    stopping: watch::Receiver<bool>,
    /// Delivered, and not yet known to be deleted.
    unsettled: BTreeSet<EventId>,
}

/// What became of the events of one aggregate.
#[derive(Default)]
struct Run {
    delivered: Vec<EventId>,
    failed: Option<SinkError>,
}

impl Relay {
    /// A relay under a name of its own. Once `stopping` is true it begins no delivery any more.
    #[must_use]
    pub fn new(sources: Sources, stopping: watch::Receiver<bool>) -> Self {
        let holder = sources.id(sources.now());
        Self { sources, holder, stopping, unsettled: BTreeSet::new() }
    }

    /// Goes once over the aggregates that have undelivered events, the oldest first. Each is tried once: what fails or
    /// is told meanwhile is left to the next pass.
    ///
    /// After an error the next pass goes on where this one stopped. Dropping the future half-way is like a crash: what
    /// was delivered and not yet deleted is delivered again.
    pub async fn relay_pass<U, S>(&mut self, storage: &U, sink: &S) -> Result<Relayed, StorageError>
    where
        U: UnitOfWork + OutboxQueries,
        U::Tx: UndeliveredEvents + LeaseRepository,
        S: EventSink,
    {
        let mut relayed = Relayed::default();
        self.settle(storage).await?;
        // New aggregates come behind it, so the pass has an end however many are told of meanwhile.
        let end = storage.last_undelivered_event().await?;
        let (mut after, mut lag) = (None, TimeDelta::zero());
        while after < end && !*self.stopping.borrow() {
            let Some((lease, batch)) = self.next_batch(storage, after.as_ref()).await? else {
                relayed.elsewhere = true;
                break;
            };
            let Some(last) = batch.last() else { break };
            after = Some(last.position());
            let now = self.sources.now();
            lag = batch.iter().map(|event| now - event.occurred_at).fold(lag, TimeDelta::max);
            let runs = self.deliver(sink, batch, &lease).await;
            self.take_note(&mut relayed, runs);
        }
        // Of what waits where somebody else delivers, they tell.
        self.sources.meters().outbox_lag.set(lag);
        self.settle(storage).await?;
        Ok(relayed)
    }

    /// Gives the lease up, so that another relay need not wait until it runs out.
    pub async fn release<U>(&mut self, storage: &U) -> Result<(), StorageError>
    where
        U: UnitOfWork,
        U::Tx: UndeliveredEvents + LeaseRepository,
    {
        self.settle(storage).await?;
        let holder = self.holder;
        atomically(storage, async |tx: &mut U::Tx| release_lease(tx, LeaseName::EventRelay, holder).await)
            .await
    }

    /// Deletes what was delivered, makes sure of the lease and reads what comes next, all in one transaction: what is
    /// read under the lease is neither delivered nor in delivery. `None` if somebody else has the lease.
    async fn next_batch<U>(
        &mut self,
        storage: &U,
        after: Option<&AggregatePosition>,
    ) -> Result<Option<(Lease, Vec<StoredEvent>)>, StorageError>
    where
        U: UnitOfWork,
        U::Tx: UndeliveredEvents + LeaseRepository,
    {
        let (holder, sources, delivered) = (self.holder, &self.sources, &self.unsettled);
        let next = atomically(storage, async |tx: &mut U::Tx| {
            let held = hold_lease(tx, LeaseName::EventRelay, holder, sources).await?;
            tx.delete_delivered_events(delivered).await?;
            let Some(lease) = held else { return Ok(None) };
            let batch = tx.list_undelivered_events(after, BATCH).await?;
            Ok::<_, StorageError>(Some((lease, batch)))
        });
        let next = match next.await {
            // Somebody else was the first ever to take the lease.
            Err(error) if error.is_transient() => return Ok(None),
            next => next?,
        };
        self.unsettled.clear();
        Ok(next)
    }

    /// Deletes what was delivered.
    async fn settle<U>(&mut self, storage: &U) -> Result<(), StorageError>
    where
        U: UnitOfWork,
        U::Tx: UndeliveredEvents,
    {
        if !self.unsettled.is_empty() {
            let delivered = &self.unsettled;
            atomically(storage, async |tx: &mut U::Tx| tx.delete_delivered_events(delivered).await).await?;
            self.unsettled.clear();
        }
        Ok(())
    }

    /// Hands a batch over: aggregates side by side, the events of each one after the other.
    async fn deliver<S: EventSink>(&self, sink: &S, batch: Vec<StoredEvent>, lease: &Lease) -> Vec<Run> {
        let until = lease.expires_at - NO_DELIVERY_BELOW;
        let mut runs: Vec<Vec<StoredEvent>> = Vec::with_capacity(batch.len());
        for event in batch {
            match runs.last_mut() {
                Some(run) if run.last().is_some_and(|last| last.shares_aggregate(&event)) => run.push(event),
                _ => runs.push(vec![event]),
            }
        }
        side_by_side(runs.into_iter().map(|events| self.deliver_run(sink, events, until))).await
    }

    async fn deliver_run<S: EventSink>(&self, sink: &S, events: Vec<StoredEvent>, until: Timestamp) -> Run {
        let mut run = Run::default();
        for event in events {
            if *self.stopping.borrow() || self.sources.now() > until {
                break;
            }
            let envelope = Envelope::of(event);
            match timeout(DELIVERY_TIMEOUT, sink.deliver_event(&envelope)).await {
                Ok(Ok(())) => run.delivered.push(envelope.id),
                Ok(Err(error)) => {
                    run.failed = Some(error);
                    break;
                }
                Err(too_late) => {
                    run.failed = Some(too_late.into());
                    break;
                }
            }
        }
        run
    }

    fn take_note(&mut self, relayed: &mut Relayed, runs: Vec<Run>) {
        let meters = self.sources.meters();
        for run in runs {
            let delivered = u64::try_from(run.delivered.len()).unwrap_or(u64::MAX);
            relayed.delivered += delivered;
            meters.deliveries.inc_by(delivered);
            self.unsettled.extend(run.delivered);
            if let Some(error) = run.failed {
                if relayed.failed == 0 {
                    tracing::warn!(%error, "an event was not taken; it is tried again, and its aggregate waits");
                }
                relayed.failed += 1;
                meters.failed_deliveries.inc();
            }
        }
    }
}
