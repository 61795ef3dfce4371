//! A set as one JSON array of rows, for the engines that open such a one.

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, Value};

/// One parameter: the rows, each an array of its values. JSON has no bytes, so ids, keys and hashes travel in
/// hexadecimal; instants as `instant` writes them.
pub(super) fn parameters(
    rows: &[Vec<Value>],
    instant: fn(&DateTime<Utc>) -> String,
) -> Result<Vec<Value>, DbErr> {
    let mut json = String::from("[");
    for (n, row) in rows.iter().enumerate() {
        json.push_str(if n == 0 { "[" } else { ",[" });
        for (n, value) in row.iter().enumerate() {
            if n > 0 {
                json.push(',');
            }
            push_value(&mut json, value, instant)?;
        }
        json.push(']');
    }
    json.push(']');
    Ok(vec![json.into()])
}

fn push_value(json: &mut String, value: &Value, instant: fn(&DateTime<Utc>) -> String) -> Result<(), DbErr> {
    let not_written = |_| DbErr::Type("a value cannot be written as JSON".to_owned());
    match value {
        Value::Uuid(Some(id)) => push_quoted_hexadecimal(json, id.as_bytes()),
        Value::BigInt(Some(number)) => json.push_str(&number.to_string()),
        Value::SmallInt(Some(number)) => json.push_str(&number.to_string()),
        Value::String(Some(text)) => json.push_str(&serde_json::to_string(text).map_err(not_written)?),
        Value::ChronoDateTimeUtc(Some(at)) => {
            json.push('"');
            json.push_str(&instant(at));
            json.push('"');
        }
        Value::Bytes(Some(bytes)) => push_quoted_hexadecimal(json, bytes),
        Value::Uuid(None)
        | Value::BigInt(None)
        | Value::SmallInt(None)
        | Value::String(None)
        | Value::ChronoDateTimeUtc(None)
        | Value::Bytes(None) => json.push_str("null"),
        other => return Err(super::unknown_kind(other)),
    }
    Ok(())
}

fn push_quoted_hexadecimal(json: &mut String, bytes: &[u8]) {
    json.push('"');
    super::push_hexadecimal(json, bytes);
    json.push('"');
}
