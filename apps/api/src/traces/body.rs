//! What a collector is sent: OTLP in JSON.
//!
//! Ids are hexadecimal there, and whole numbers of 64 bits are texts.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::record::{Ended, Event, Fields, Kind, Moment, Place, Value};

/// Who sends.
#[derive(Debug)]
pub(super) struct Resource(Json);

impl Resource {
    /// A run of the server, by a name that no other run has.
    pub(super) fn new(instance: &str) -> Self {
        Self(json!({ "attributes": [
            text("service.name", "jangteo"),
            text("service.version", env!("CARGO_PKG_VERSION")),
            text("service.instance.id", instance),
        ] }))
    }
}

/// The body of a request that carries these spans.
pub(super) fn body(resource: &Resource, spans: &[Ended]) -> Vec<u8> {
    let spans: Vec<Json> = spans.iter().map(span).collect();
    let scope = json!({ "name": "jangteo", "version": env!("CARGO_PKG_VERSION") });
    let scopes = json!([{ "scope": scope, "spans": spans }]);
    let body = json!({ "resourceSpans": [{ "resource": resource.0, "scopeSpans": scopes }] });
    body.to_string().into_bytes()
}

fn span(Ended { place, record, took }: &Ended) -> Json {
    let fields = &record.fields;
    let mut span = json!({
        "traceId": trace_id(*place),
        "spanId": span_id(place.span),
        "name": fields.name.as_deref().unwrap_or(record.name),
        "kind": match fields.kind {
            Kind::Internal => 1,
            Kind::Server => 2,
            Kind::Client => 3,
        },
        "startTimeUnixNano": record.begun.later(Duration::ZERO).to_string(),
        "endTimeUnixNano": record.begun.later(*took).to_string(),
        "attributes": attributes(fields),
        "events": record.events.iter().map(|said| event(&record.begun, said)).collect::<Vec<_>>(),
        "links": record.links.iter().map(link).collect::<Vec<_>>(),
        "status": { "code": if fields.failed { 2 } else { 0 } },
    });
    if let Some(parent) = record.parent {
        span["parentSpanId"] = span_id(parent).into();
    }
    span
}

fn link(to: &Place) -> Json {
    json!({ "traceId": trace_id(*to), "spanId": span_id(to.span) })
}

fn event(begun: &Moment, Event { at, fields }: &Event) -> Json {
    let said = fields.attributes.iter().find_map(|(name, value)| match value {
        Value::Text(text) if *name == "message" => Some(text.as_str()),
        _ => None,
    });
    json!({
        "timeUnixNano": begun.later(*at).to_string(),
        "name": said.unwrap_or("event"),
        "attributes": attributes(fields),
    })
}

fn attributes(fields: &Fields) -> Vec<Json> {
    let others = fields.attributes.iter().filter(|(name, _)| *name != "message");
    let attribute = |(name, value): &(&str, Value)| match value {
        Value::Text(value) => text(name, value),
        Value::Number(value) => json!({ "key": name, "value": { "intValue": value.to_string() } }),
        Value::Truth(value) => json!({ "key": name, "value": { "boolValue": value } }),
    };
    others.map(attribute).collect()
}

fn text(key: &str, value: &str) -> Json {
    json!({ "key": key, "value": { "stringValue": value } })
}

fn trace_id(place: Place) -> String {
    format!("{:032x}", place.trace)
}

fn span_id(span: u64) -> String {
    format!("{span:016x}")
}
