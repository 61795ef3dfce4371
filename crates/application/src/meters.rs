//! What the application counts, for those who operate it (ADR-038).

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use chrono::TimeDelta;
use jangteo_shared_kernel::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use tokio::time::Instant;

/// The meters of the application. Clones count together.
#[derive(Clone)]
pub struct Meters {
    /// Transactions that were run again after a lost race.
    pub(crate) reruns: Counter,
    /// Events that a sink took.
    pub(crate) deliveries: Counter,
    /// Deliveries that failed.
    pub(crate) failed_deliveries: Counter,
    /// How old the oldest event was that the last pass over the outbox found.
    pub(crate) outbox_lag: Lag,
    /// How long the oldest of the orders had been due that were let expire last.
    pub(crate) expiry_lag: Lag,
    /// How old the oldest sale was that was counted last.
    pub(crate) ranking_lag: Lag,
    set_size: Histograms,
    queue_wait: Histograms,
    set_time: Histograms,
    refused_requests: Family<Class, Counter>,
}

/// How far behind a job was when it last looked; nothing if it found nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lag(Gauge<f64, AtomicU64>);

/// One histogram for each kind of group.
type Histograms = Family<Kind, Histogram, fn() -> Histogram>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Class {
    class: &'static str,
}

/// The meters of one group.
#[derive(Debug)]
pub(crate) struct GroupMeters {
    set_size: Histogram,
    queue_wait: Histogram,
    set_time: Histogram,
}

/// 1, 2, 4 … 512.
fn sizes() -> Histogram {
    Histogram::new(exponential_buckets(1.0, 2.0, 10))
}

/// 0.1 ms, 0.2 ms … 26 s.
fn times() -> Histogram {
    Histogram::new(exponential_buckets(0.0001, 2.0, 19))
}

impl Default for Meters {
    fn default() -> Self {
        Self {
            reruns: Counter::default(),
            deliveries: Counter::default(),
            failed_deliveries: Counter::default(),
            outbox_lag: Lag::default(),
            expiry_lag: Lag::default(),
            ranking_lag: Lag::default(),
            set_size: Family::new_with_constructor(sizes),
            queue_wait: Family::new_with_constructor(times),
            set_time: Family::new_with_constructor(times),
            refused_requests: Family::default(),
        }
    }
}

impl Meters {
    /// Enters them into a registry, whose prefix tells whose they are.
    pub fn register(&self, registry: &mut Registry) {
        let help = "Transactions run again after a deadlock, a serialisation failure or a lost unique key";
        registry.register("transaction_reruns", help, self.reruns.clone());
        let help = "Commands that shared a transaction, or questions that shared a read";
        registry.register("group_set_size", help, self.set_size.clone());
        let help = "How long one of them waited until its set was begun";
        registry.register_with_unit("group_queue_wait", help, Unit::Seconds, self.queue_wait.clone());
        let help = "How long a set took from its beginning to its commit or its answer";
        registry.register_with_unit("group_set_time", help, Unit::Seconds, self.set_time.clone());
        let help = "Requests refused because their client had made too many of their class";
        registry.register("rate_limited_requests", help, self.refused_requests.clone());
        let help = "Events that were taken where they are delivered to";
        registry.register("event_deliveries", help, self.deliveries.clone());
        let help = "Deliveries of events that failed; each is tried again";
        registry.register("event_delivery_failures", help, self.failed_deliveries.clone());
        let help = "Age of the oldest event that the last pass over the outbox found";
        registry.register_with_unit("outbox_lag", help, Unit::Seconds, self.outbox_lag.0.clone());
        let help = "For how long the oldest unpaid order had been overdue when orders were last let expire";
        registry.register_with_unit("order_expiry_lag", help, Unit::Seconds, self.expiry_lag.0.clone());
        let help = "Age of the oldest uncounted sale when sales were last counted";
        registry.register_with_unit("ranking_lag", help, Unit::Seconds, self.ranking_lag.0.clone());
    }

    /// The meter of refused requests of one class; it is there from now on.
    pub(crate) fn refused_requests(&self, class: &'static str) -> Counter {
        self.refused_requests.get_or_create_owned(&Class { class })
    }

    /// The meters of one kind of group; they are there from now on.
    pub(crate) fn group(&self, kind: &'static str) -> GroupMeters {
        let kind = Kind { kind };
        GroupMeters {
            set_size: self.set_size.get_or_create_owned(&kind),
            queue_wait: self.queue_wait.get_or_create_owned(&kind),
            set_time: self.set_time.get_or_create_owned(&kind),
        }
    }
}

impl Lag {
    /// As long as it is since this moment; nothing if there was none.
    pub(crate) fn since(&self, oldest: Option<Timestamp>, now: Timestamp) {
        self.set(oldest.map_or(TimeDelta::zero(), |oldest| now - oldest));
    }

    /// So long; a clock that was set back makes it nothing.
    pub(crate) fn set(&self, lag: TimeDelta) {
        self.0.set(lag.to_std().unwrap_or_default().as_secs_f64());
    }
}

impl GroupMeters {
    /// One has waited so long.
    pub(crate) fn waited(&self, time: Duration) {
        self.queue_wait.observe(time.as_secs_f64());
    }

    /// A set of so many was done in so much time.
    pub(crate) fn done(&self, commands: usize, time: Duration) {
        // A set has a few hundred at most.
        self.set_size.observe(f64::from(u32::try_from(commands).unwrap_or(u32::MAX)));
        self.set_time.observe(time.as_secs_f64());
    }
}

/// For measuring: nothing is decided by it.
#[expect(clippy::disallowed_methods, reason = "how long something took is no time of the shop")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

impl fmt::Debug for Meters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meters").field("reruns", &self.reruns.get()).finish_non_exhaustive()
    }
}
