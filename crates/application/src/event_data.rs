//! What an event tells, as JSON that is written once and handed on as it is.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// What an event tells besides its envelope: a JSON text. Equal means equal to the byte.
///
/// It is a text and not a tree of values because it is only ever written, stored and sent: nobody in the shop reads it.
#[derive(Clone)]
pub struct EventData(Box<RawValue>);

impl EventData {
    /// The JSON of something.
    ///
    /// # Panics
    /// If it cannot be JSON, such as a map whose keys are not texts. As with `serde_json::json!`, that is a mistake in its
    /// type and not in its values.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "it depends on the type alone, and every kind of event is told in a test"
    )]
    pub fn of(data: &impl Serialize) -> Self {
        Self(to_raw_value(data).expect("events are made of what JSON knows"))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }
}

impl TryFrom<String> for EventData {
    type Error = serde_json::Error;

    /// Takes a text as it is if it is JSON.
    fn try_from(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(Self)
    }
}

impl Serialize for EventData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl PartialEq for EventData {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl fmt::Debug for EventData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
