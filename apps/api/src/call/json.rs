//! From the bytes of a body to what a command needs.

use jangteo_shared_kernel::Currency;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};
use validator::Validate;

use super::strict::Strict;
use crate::problem::{Code, Faults, Problem};

/// What bodies are read under.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// What every amount is in.
    pub(crate) currency: Currency,
}

/// A body as clients write it.
pub(crate) trait Body: DeserializeOwned + Validate {
    /// What it means.
    type Meaning;

    /// What the body means; where it means nothing, the fields at fault are noted.
    fn read(self, terms: Terms, faults: &mut Faults) -> Option<Self::Meaning>;
}

/// Any JSON. What is none is a 400; a number that no amount can be is a 422.
pub(super) fn decode(bytes: &[u8]) -> Result<Value, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value: Value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        // The one fault of a value among the faults of syntax.
        if error.inner().to_string().starts_with("number out of range") {
            return Problem::field(pointer(error.path()), "must be a number that fits into 64 bits");
        }
        malformed(error.inner())
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(Code::MalformedRequest, format!("the body is not JSON: {error}"))
}

/// What a JSON value means as a body.
pub(super) fn interpret<T: Body>(value: Value, terms: Terms) -> Result<T::Meaning, Problem> {
    let body: T = serde_path_to_error::deserialize(Strict(value)).map_err(|error| misshapen(&error))?;
    let mut faults = Faults::default();
    if let Err(errors) = body.validate() {
        faults.add_all(&errors);
    }
    let meaning = body.read(terms, &mut faults);
    faults.settle(meaning)
}

/// A value of another shape: a wrong type, a missing field, an unknown one.
fn misshapen(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let message = error.inner().to_string();
    let at = pointer(error.path());
    if let Some(name) = quoted_after(&message, "missing field ") {
        return Problem::field(format!("{at}/{}", escaped(name)), "is required");
    }
    if let Some(name) = quoted_after(&message, "unknown field ") {
        let last = format!("/{}", escaped(name));
        let at = if at.ends_with(&last) { at } else { at + &last };
        return Problem::field(at, "is not a field of this body");
    }
    Problem::field(at, in_words(&message))
}

fn quoted_after<'a>(message: &'a str, start: &str) -> Option<&'a str> {
    message.strip_prefix(start)?.strip_prefix('`')?.split_once('`').map(|(name, _)| name)
}

/// The message without the names that numbers have in Rust.
fn in_words(message: &str) -> String {
    ["i64", "u64", "i32", "u32", "u16"].iter().fold(message.to_owned(), |text, name| {
        text.replace(&format!("expected {name}"), "expected a whole number within bounds")
    })
}

fn pointer(path: &Path) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                text.push('/');
                text.push_str(&index.to_string());
            }
            Segment::Map { key } | Segment::Enum { variant: key } => {
                text.push('/');
                text.push_str(&escaped(key));
            }
            Segment::Unknown => {}
        }
    }
    text
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Reads a field that is there; unlike a plain `Option`, it tells `null` from absence.
pub(crate) fn present<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}
