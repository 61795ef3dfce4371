//! A span, from its beginning to its end.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, Instant, SystemTime};

use tracing::field::{Field, Visit};

/// Names a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) trace: u128,
    pub(super) span: u64,
}

/// A span that has begun.
#[derive(Debug)]
pub(super) struct Record {
    /// `None`: it is under no request, as far as is known.
    pub(super) place: Option<Place>,
    pub(super) parent: Option<u64>,
    pub(super) name: &'static str,
    pub(super) fields: Fields,
    pub(super) events: Vec<Event>,
    pub(super) links: Vec<Place>,
    pub(super) begun: Moment,
}

/// A span that has ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) place: Place,
    pub(super) record: Record,
    pub(super) took: Duration,
}

/// Something that was said meanwhile.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) at: Duration,
    pub(super) fields: Fields,
}

/// A moment by two clocks: which it was, and what later ones are measured from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    since_1970: Duration,
    instant: Instant,
}

/// What a span or an event carries. Some names mean something.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// `trace_id`: the span is the first of ours in this trace.
    pub(super) trace: Option<u128>,
    /// `parent_id`: the span of others that it is under.
    pub(super) parent: Option<u64>,
    /// `span.name`, in the place of that in the code.
    pub(super) name: Option<Cow<'static, str>>,
    /// `span.kind`.
    pub(super) kind: Kind,
    /// `error`.
    pub(super) failed: bool,
    /// All others.
    pub(super) attributes: Vec<(&'static str, Value)>,
}

/// Which side of a call a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    /// Neither.
    #[default]
    Internal,
    /// Who was asked.
    Server,
    /// Who asked.
    Client,
}

/// A value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Number(i64),
    Truth(bool),
}

impl Moment {
    #[expect(
        clippy::disallowed_methods,
        reason = "when something happened is told, and nothing is decided by it"
    )]
    pub(super) fn now() -> Self {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self { since_1970: since_1970.unwrap_or_default(), instant: Instant::now() }
    }

    /// How long ago it was.
    pub(super) fn elapsed(&self) -> Duration {
        self.instant.elapsed()
    }

    /// So much later, in nanoseconds since 1970.
    pub(super) fn later(&self, by: Duration) -> u128 {
        (self.since_1970 + by).as_nanos()
    }
}

impl Record {
    /// Ends it; `None` if it is under no request.
    pub(super) fn end(self) -> Option<Ended> {
        let (place, took) = (self.place?, self.begun.elapsed());
        Some(Ended { place, record: self, took })
    }
}

impl Fields {
    fn push(&mut self, field: &Field, value: Value) {
        let name = field.name();
        match self.attributes.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.attributes.push((name, value)),
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "trace_id" => self.trace = u128::from_str_radix(value, 16).ok(),
            "parent_id" => self.parent = u64::from_str_radix(value, 16).ok(),
            "span.name" => self.name = Some(Cow::Owned(value.to_owned())),
            "span.kind" => {
                self.kind = match value {
                    "server" => Kind::Server,
                    "client" => Kind::Client,
                    _ => Kind::Internal,
                }
            }
            _ => self.push(field, Value::Text(value.to_owned())),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, Value::Number(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, Value::Number(i64::try_from(value).unwrap_or(i64::MAX)));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        match field.name() {
            "error" => self.failed = value,
            _ => self.push(field, Value::Truth(value)),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.push(field, Value::Text(format!("{value:?}")));
    }
}
