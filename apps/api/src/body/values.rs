//! Values that many bodies share.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat};
use jangteo_shared_kernel::{Money, Timestamp, whole_milliseconds};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;
use validator::Validate;

use crate::call::Terms;
use crate::problem::Faults;

/// An amount of money in minor units: won for KRW, cents for USD.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[schema(as = Money, example = json!({ "amount": 12000, "currency": "KRW" }))]
#[serde(deny_unknown_fields, expecting = "an object with amount and currency")]
pub(crate) struct MoneyBody {
    /// Minor units.
    pub(crate) amount: i64,
    /// An ISO 4217 code; in requests, the one that the shop trades in.
    pub(crate) currency: String,
}

impl MoneyBody {
    /// The amount, if it is of the business currency.
    pub(crate) fn read(&self, pointer: &str, terms: Terms, faults: &mut Faults) -> Option<Money> {
        if self.currency == terms.currency.code() {
            return Some(Money::new(self.amount, terms.currency));
        }
        faults.add(format!("{pointer}/currency"), format!("must be {}", terms.currency));
        None
    }
}

impl From<Money> for MoneyBody {
    fn from(money: Money) -> Self {
        Self { amount: money.amount(), currency: money.currency().code().to_owned() }
    }
}

/// An instant as answers have it: RFC 3339 in UTC with milliseconds.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-22T09:00:00.000Z")]
pub(crate) struct Instant(pub Timestamp);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl Instant {
    fn text(self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl From<Timestamp> for Instant {
    fn from(instant: Timestamp) -> Self {
        Self(instant)
    }
}

/// An instant as requests have it: RFC 3339 with any offset, in a year that every database can hold.
pub(crate) fn instant(text: &str) -> Result<Timestamp, &'static str> {
    let instant = DateTime::parse_from_rfc3339(text).ok().map(|instant| whole_milliseconds(instant.to_utc()));
    instant
        .filter(|instant| (1970..=9999).contains(&instant.year()))
        .ok_or("must be an instant of the years 1970 to 9999 such as 2027-01-31T15:00:00Z")
}

/// A date as requests and commands have it.
pub(crate) fn date(text: &str) -> Result<NaiveDate, &'static str> {
    // chrono would take a day or a month of one digit, too.
    let date = text.parse().ok().filter(|date: &NaiveDate| date.to_string() == text);
    date.filter(|date| (1970..=2999).contains(&date.year()))
        .ok_or("must be a date of the years 1970 to 2999 such as 2026-11-22")
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Page)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageBody<T> {
    /// The items, in the order of the list.
    pub(crate) items: Vec<T>,
    /// The cursor of the next page; null on the last.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// The bytes of a body.
pub(crate) fn bytes(body: &impl Serialize) -> Vec<u8> {
    // Bodies are structs of strings and numbers, which always serialise.
    serde_json::to_vec(body).unwrap_or_default()
}
