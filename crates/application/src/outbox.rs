//! What happened, told to the outside after the commit and at least once.

use jangteo_shared_kernel::{EventId, Id, StorageError, Timestamp};
use serde::Serialize;
use uuid::Uuid;

use crate::{EventData, EventKind};

/// What kind of thing an event is about. Events of one thing are told in the order of their versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aggregate {
    /// An account.
    User,
    /// A product.
    Product,
    /// A coupon campaign.
    Campaign,
    /// An order.
    Order,
    /// A payment.
    Payment,
    /// A point account; its id is the user's.
    PointAccount,
}

/// Something that happened. It never holds personal data.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Names it, so that a consumer can tell a repetition.
    pub id: EventId,
    /// What happened.
    pub kind: EventKind,
    /// What it is about.
    pub aggregate: Aggregate,
    /// The id of that.
    pub subject: Uuid,
    /// The version of that right after the event. No other event of it has the same.
    pub version: i64,
    /// When.
    pub occurred_at: Timestamp,
    /// What a consumer needs to know.
    pub data: EventData,
}

/// Events inside a transaction: they commit with what they tell, or not at all.
pub trait Outbox: Send {
    /// Adds events.
    fn append_events(&mut self, events: &[Event]) -> impl Future<Output = Result<(), StorageError>> + Send;
}

impl Aggregate {
    /// The name in storages and envelopes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Product => "product",
            Self::Campaign => "coupon",
            Self::Order => "order",
            Self::Payment => "payment",
            Self::PointAccount => "point-account",
        }
    }
}

/// Appends what a set brought about; nothing is no statement.
pub(crate) async fn tell(tx: &mut impl Outbox, events: Vec<Event>) -> Result<(), StorageError> {
    if events.is_empty() { Ok(()) } else { tx.append_events(&events).await }
}

/// An event about the thing with this id.
pub(crate) fn event<K>(
    sources: &crate::Sources,
    now: Timestamp,
    kind: EventKind,
    (aggregate, subject, version): (Aggregate, Id<K>, i64),
    data: impl Serialize,
) -> Event {
    Event {
        id: sources.id(now),
        kind,
        aggregate,
        subject: subject.as_uuid(),
        version,
        occurred_at: now,
        data: EventData::of(&data),
    }
}
