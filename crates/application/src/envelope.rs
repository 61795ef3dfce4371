//! The form in which events leave the shop: CloudEvents 1.0 (`docs/events.md`).

use chrono::SecondsFormat;
use jangteo_shared_kernel::{EventId, Timestamp};
use serde_json::{Value, json};

use crate::{EventData, StoredEvent};

/// The version of CloudEvents.
const SPEC_VERSION: &str = "1.0";
/// Who tells: a URI reference.
const SOURCE: &str = "/jangteo";
/// What `data` is.
const CONTENT_TYPE: &str = "application/json";

/// An event with the attributes of CloudEvents 1.0 and the extension `sequence`.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// `id`: names the event. Whoever has seen it may forget a repetition.
    pub id: EventId,
    /// `source`: which service tells.
    pub source: &'static str,
    /// `type`: what happened and the version of the data's shape, such as `jangteo.order.placed.v1`.
    pub kind: String,
    /// `subject`: what it is about, such as `order/01900000-0000-7000-8000-000000000001`. Events of one subject are
    /// ordered.
    pub subject: String,
    /// `time`: when it happened.
    pub time: Timestamp,
    /// `sequence`: the version of the subject right after the event, of 19 digits, so that texts sort as numbers do.
    pub sequence: String,
    /// `data`: what a consumer needs to know.
    pub data: EventData,
}

impl Envelope {
    /// The envelope of a stored event. The same event always has the same one.
    #[must_use]
    pub fn of(event: StoredEvent) -> Self {
        Self {
            id: event.id,
            source: SOURCE,
            kind: kind_with_version(&event.kind),
            subject: format!("{}/{}", event.aggregate, event.subject),
            time: event.occurred_at,
            sequence: format!("{:019}", event.version),
            data: event.data,
        }
    }

    /// The event in the JSON format of CloudEvents.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "specversion": SPEC_VERSION,
            "id": self.id,
            "source": self.source,
            "type": self.kind,
            "subject": self.subject,
            "time": self.time.to_rfc3339_opts(SecondsFormat::Millis, true),
            "datacontenttype": CONTENT_TYPE,
            "sequence": self.sequence,
            "data": self.data,
        })
    }
}

/// `jangteo.order.placed.v1`; a kind that names a later version itself keeps it.
fn kind_with_version(kind: &str) -> String {
    let end = kind.rsplit('.').next().and_then(|end| end.strip_prefix('v')).unwrap_or_default();
    let named = !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit());
    if named { format!("jangteo.{kind}") } else { format!("jangteo.{kind}.v1") }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use uuid::Uuid;

    use super::*;

    fn stored(kind: &str, version: i64) -> StoredEvent {
        StoredEvent {
            id: EventId::from_uuid(Uuid::from_u128(1)),
            kind: kind.to_owned(),
            aggregate: "order".to_owned(),
            subject: Uuid::from_u128(2),
            version,
            occurred_at: Timestamp::UNIX_EPOCH + TimeDelta::milliseconds(1_500),
            data: EventData::of(&json!({ "total": { "amount": 7, "currency": "KRW" } })),
        }
    }

    #[test]
    fn has_the_attributes_of_cloud_events() {
        let json = Envelope::of(stored("order.placed", 3)).to_json();
        let expected = json!({
            "specversion": "1.0",
            "id": "00000000-0000-0000-0000-000000000001",
            "source": "/jangteo",
            "type": "jangteo.order.placed.v1",
            "subject": "order/00000000-0000-0000-0000-000000000002",
            "time": "1970-01-01T00:00:01.500Z",
            "datacontenttype": "application/json",
            "sequence": "0000000000000000003",
            "data": { "total": { "amount": 7, "currency": "KRW" } },
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn a_kind_may_name_its_own_version() {
        for (kind, told) in [
            ("order.placed", "jangteo.order.placed.v1"),
            ("order.placed.v2", "jangteo.order.placed.v2"),
            ("order.v", "jangteo.order.v.v1"),
            ("order.void", "jangteo.order.void.v1"),
        ] {
            assert_eq!(Envelope::of(stored(kind, 1)).kind, told);
        }
    }

    #[test]
    fn sequences_sort_as_versions_do() {
        let sequence = |version| Envelope::of(stored("order.placed", version)).sequence;
        let versions = [1, 2, 9, 10, 99, 100, i64::MAX];
        assert!(versions.map(sequence).is_sorted());
    }
}
