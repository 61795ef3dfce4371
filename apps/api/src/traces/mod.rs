//! Where requests spend their time, sent to a collector of OpenTelemetry by OTLP over HTTP (ADR-047).
//!
//! A request is a span; under it are its commands, the sets that carried them, their transactions and statements. Spans are those of
//! `tracing` with the target [`TRACE_TARGET`](jangteo_application::TRACE_TARGET), and only the layer here sees them. While nothing
//! is sent there is no layer, and none of them is made.

mod body;
mod layer;
mod record;
mod sender;

use std::num::NonZeroU32;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

pub(crate) use layer::TraceLayer;
use record::Ended;

use crate::config::Collector;

/// How many spans wait to be sent. What comes then is dropped: nobody waits for a collector.
const QUEUE: usize = 16_384;

/// How long the last of them may take to be sent.
const LAST_WORDS: Duration = Duration::from_secs(6);

/// What is sent, and how to end it.
#[derive(Debug)]
pub(crate) struct Traces {
    meters: TraceMeters,
    sending: Option<Sending>,
}

#[derive(Debug)]
struct Sending {
    sampler: Sampler,
    messages: SyncSender<Message>,
    ended: Receiver<()>,
}

/// Which traces are sent, of those that begin here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sampler {
    one_in: NonZeroU32,
}

/// What became of spans. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct TraceMeters {
    all: Family<Outcome, Counter>,
    sent: Counter,
    dropped: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

enum Message {
    Span(Box<Ended>),
    Last,
}

impl Traces {
    /// Nothing is sent.
    pub(crate) fn off() -> Self {
        Self { meters: TraceMeters::new(), sending: None }
    }

    /// Sends to a collector, by a thread of its own. What the layer sees is what is sent.
    pub(crate) fn start(collector: &Collector) -> anyhow::Result<(Self, TraceLayer)> {
        let meters = TraceMeters::new();
        let (messages, taken) = sync_channel(QUEUE);
        let (ending, ended) = sync_channel(1);
        let sender = sender::Sender::new(collector, meters.clone());
        let work = move || {
            sender.run(&taken);
            // Nobody waits if the time to shut down is over.
            let _ = ending.send(());
        };
        thread::Builder::new().name("traces".to_owned()).spawn(work)?;
        let layer = TraceLayer::new(messages.clone(), meters.clone());
        let sampler = Sampler { one_in: collector.one_in };
        Ok((Self { meters, sending: Some(Sending { sampler, messages, ended }) }, layer))
    }

    /// Which traces are sent; `None` is none.
    pub(crate) fn sampler(&self) -> Option<Sampler> {
        self.sending.as_ref().map(|sending| sending.sampler)
    }

    /// What is counted.
    pub(crate) fn meters(&self) -> &TraceMeters {
        &self.meters
    }

    /// Sends what waits, unless that takes too long.
    pub(crate) fn close(self) {
        if let Some(Sending { messages, ended, .. }) = self.sending
            && (messages.try_send(Message::Last).is_err() || ended.recv_timeout(LAST_WORDS).is_err())
        {
            tracing::warn!("the last traces could not be sent in time");
        }
    }
}

impl Sampler {
    /// Whether a trace that begins here is sent. Its id is random.
    pub(crate) fn takes(self, trace: u128) -> bool {
        trace.is_multiple_of(u128::from(self.one_in.get()))
    }
}

impl TraceMeters {
    fn new() -> Self {
        let all = Family::<Outcome, Counter>::default();
        let meter = |outcome| all.get_or_create_owned(&Outcome { outcome });
        Self { sent: meter("sent"), dropped: meter("dropped"), all }
    }

    /// Enters them into a registry.
    pub(crate) fn register(&self, registry: &mut Registry) {
        let help = "Spans sent to the collector of traces, or dropped because it did not take them in time";
        registry.register("trace_spans", help, self.all.clone());
    }
}
