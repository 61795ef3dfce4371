//! Makes records of spans as they begin and end.

use std::sync::mpsc::SyncSender;

use jangteo_application::TRACE_TARGET;
use jangteo_security::SystemEntropy;
use jangteo_shared_kernel::Entropy as _;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record as Recorded};
use tracing::{Event as Told, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterFn, filter_fn};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::record::{Event, Fields, Moment, Place, Record};
use super::{Message, TraceMeters};

/// How much is said of one span at most.
const EVENTS: usize = 32;

/// Hands spans that have ended to whoever sends them.
pub(crate) struct TraceLayer {
    messages: SyncSender<Message>,
    meters: TraceMeters,
}

impl TraceLayer {
    pub(super) fn new(messages: SyncSender<Message>, meters: TraceMeters) -> Self {
        Self { messages, meters }
    }

    /// What it is to see: the spans that are meant for it, and what goes wrong meanwhile. Not the security events, which go to
    /// the log and to nobody else.
    pub(crate) fn filter() -> FilterFn<fn(&Metadata<'_>) -> bool> {
        let sees: fn(&Metadata<'_>) -> bool = |of| {
            if of.is_span() {
                of.target() == TRACE_TARGET
            } else {
                *of.level() <= Level::WARN && of.target().starts_with("jangteo")
            }
        };
        filter_fn(sees).with_max_level_hint(LevelFilter::INFO)
    }
}

fn new_span_id() -> u64 {
    let mut bytes = [0; 8];
    SystemEntropy.fill(&mut bytes);
    // Zero names no span.
    u64::from_be_bytes(bytes).max(1)
}

impl<S> Layer<S> for TraceLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let above = span.parent().and_then(|parent| parent.extensions().get::<Record>()?.place);
        let (trace, parent) = match (fields.trace, above) {
            (Some(trace), _) => (Some(trace), fields.parent),
            (None, Some(above)) => (Some(above.trace), Some(above.span)),
            (None, None) => (None, None),
        };
        let record = Record {
            place: trace.map(|trace| Place { trace, span: new_span_id() }),
            parent,
            name: attributes.metadata().name(),
            fields,
            events: Vec::new(),
            links: Vec::new(),
            begun: Moment::now(),
        };
        span.extensions_mut().insert(record);
    }

    fn on_record(&self, id: &Id, values: &Recorded<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(record) = span.extensions_mut().get_mut::<Record>() {
            values.record(&mut record.fields);
        }
    }

    /// A span that is under nothing goes under the first that it follows, and has links to the others. So the set that carried
    /// many commands is in the trace of one, and all of their traces lead to it.
    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        let followed = context.span(follows).and_then(|span| span.extensions().get::<Record>()?.place);
        let (Some(followed), Some(span)) = (followed, context.span(id)) else { return };
        if let Some(record) = span.extensions_mut().get_mut::<Record>() {
            match record.place {
                None => {
                    record.place = Some(Place { trace: followed.trace, span: new_span_id() });
                    record.parent = Some(followed.span);
                }
                Some(_) => record.links.push(followed),
            }
        }
    }

    fn on_event(&self, event: &Told<'_>, context: Context<'_, S>) {
        let Some(span) = context.event_span(event) else { return };
        if let Some(record) = span.extensions_mut().get_mut::<Record>()
            && record.events.len() < EVENTS
        {
            let mut fields = Fields::default();
            event.record(&mut fields);
            record.events.push(Event { at: record.begun.elapsed(), fields });
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let record = context.span(&id).and_then(|span| span.extensions_mut().remove::<Record>());
        if let Some(ended) = record.and_then(Record::end)
            && self.messages.try_send(Message::Span(Box::new(ended))).is_err()
        {
            self.meters.dropped.inc();
        }
    }
}
