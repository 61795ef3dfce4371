//! Delivering events: the relay as a job, and where they go.

use std::sync::Arc;
use std::time::Duration;

use jangteo_application::{Envelope, EventSink, Relay, SinkError};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::metrics::Job;
use crate::shop::Shop;

/// How often the outbox is looked at while nothing is there.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long it rests after a pass that moved something: a pass costs a few transactions, whether it delivers one event or a
/// thousand.
const REST: Duration = Duration::from_millis(100);

/// Takes events to the log. An adapter of a message broker goes in its place: it implements [`EventSink`], answers
/// `Ok` once the broker has confirmed the event, and is told apart by configuration in [`run`].
///
/// The data stays out of the log.
#[derive(Debug)]
struct LogSink;

impl EventSink for LogSink {
    async fn deliver_event(&self, event: &Envelope) -> Result<(), SinkError> {
        let Envelope { id, kind, subject, sequence, .. } = event;
        tracing::debug!(%id, kind, subject, sequence, "event");
        Ok(())
    }
}

/// Delivers events until it is told to stop. Every instance may run it; the lease decides which one delivers.
pub(crate) async fn run(shop: Arc<Shop>, mut stopping: watch::Receiver<bool>) {
    let mut relay = Relay::new(shop.sources.clone(), stopping.clone());
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            // Whoever would tell it being gone is as good as being told.
            _ = stopping.wait_for(|stop| *stop) => break,
        }
        // As long as something moves there may be more.
        while pass(&mut relay, &shop).await {
            tokio::select! {
                () = sleep(REST) => {}
                _ = stopping.wait_for(|stop| *stop) => break,
            }
        }
    }
    if let Err(error) = relay.release(&shop.storage).await {
        tracing::warn!(%error, "the lease of the event relay could not be given up; it will run out");
    }
}

/// Goes over the outbox once and says whether anything was delivered.
async fn pass(relay: &mut Relay, shop: &Shop) -> bool {
    let outcome = relay.relay_pass(&shop.storage, &LogSink).await;
    shop.meters.jobs.ran(Job::RelayEvents, &outcome);
    match outcome {
        Ok(relayed) => {
            if relayed.delivered > 0 || relayed.failed > 0 {
                tracing::debug!(
                    delivered = relayed.delivered,
                    failed = relayed.failed,
                    "went over the outbox"
                );
            }
            relayed.delivered > 0
        }
        Err(error) => {
            tracing::warn!(%error, "events could not be read or marked; trying again later");
            false
        }
    }
}
