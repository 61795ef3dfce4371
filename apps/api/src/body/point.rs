//! Points.

use jangteo_application::Answer;
use jangteo_point::{PointAccount, PointEntry, PointEntryKind};
use jangteo_shared_kernel::{Money, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::values::{bytes, instant};
use super::{Instant, MoneyBody};
use crate::call::{Body, Terms};
use crate::problem::Faults;

/// Points to charge.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "amount": { "amount": 50000, "currency": "KRW" } }))]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
pub(crate) struct Charge {
    /// 1,000 to 10,000,000 won, unless configured otherwise.
    amount: MoneyBody,
}

impl Body for Charge {
    type Meaning = Money;

    fn read(self, terms: Terms, faults: &mut Faults) -> Option<Money> {
        positive(&self.amount, terms, faults)
    }
}

/// Points that an operator gives.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "amount": { "amount": 3000, "currency": "KRW" }, "expiresAt": "2027-01-31T15:00:00.000Z", "reason": "sorry for the delay" }))]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
pub(crate) struct Grant {
    /// Above zero.
    amount: MoneyBody,
    /// An instant in the future, as RFC 3339 has it.
    #[schema(format = DateTime)]
    expires_at: String,
    /// 1 to 500 characters.
    #[validate(
        length(max = 500, message = "must be 1 to 500 characters"),
        custom(function = "says_something")
    )]
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// A grant as it is meant.
#[derive(Debug)]
pub(crate) struct MeantGrant {
    /// How much.
    pub(crate) amount: Money,
    /// Until when.
    pub(crate) expires_at: Timestamp,
    /// Why.
    pub(crate) reason: String,
}

impl Body for Grant {
    type Meaning = MeantGrant;

    fn read(self, terms: Terms, faults: &mut Faults) -> Option<MeantGrant> {
        let amount = positive(&self.amount, terms, faults);
        let expires_at = faults.check("/expiresAt", instant(&self.expires_at));
        Some(MeantGrant { amount: amount?, expires_at: expires_at?, reason: self.reason.trim().to_owned() })
    }
}

fn positive(amount: &MoneyBody, terms: Terms, faults: &mut Faults) -> Option<Money> {
    if amount.amount <= 0 {
        faults.add("/amount/amount", "must be above zero");
    }
    amount.read("/amount", terms, faults)
}

fn says_something(text: &str) -> Result<(), ValidationError> {
    let holds = !text.trim().is_empty() && !text.chars().any(char::is_control);
    let message = "must be 1 to 500 characters, none of them a control character";
    if holds { Ok(()) } else { Err(ValidationError::new("text").with_message(message.into())) }
}

/// A point account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PointAccount)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountBody {
    #[schema(format = Uuid)]
    user_id: String,
    /// What can be spent.
    balance: MoneyBody,
    /// What expires first of it.
    #[schema(required)]
    expiring_next: Option<ExpiringBody>,
}

/// Points that expire together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExpiringPoints)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExpiringBody {
    amount: MoneyBody,
    expires_at: Instant,
}

impl AccountBody {
    /// The account as it is at `now`. Expired points do not count, even if nobody has written that they are gone.
    pub(crate) fn of(account: &PointAccount, now: Timestamp) -> Self {
        let expiring = |(amount, expires_at): (Money, Timestamp)| ExpiringBody {
            amount: amount.into(),
            expires_at: expires_at.into(),
        };
        Self {
            user_id: account.user.to_string(),
            balance: account.available(now).into(),
            expiring_next: account.expiring_next(now).map(expiring),
        }
    }
}

/// What changed a balance.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = PointEntryKind)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum EntryKindBody {
    /// The customer bought points.
    Charged,
    /// An operator gave points.
    Granted,
    /// A payment took points.
    Spent,
    /// A refund gave points back.
    Refunded,
    /// Points expired.
    Expired,
}

impl From<PointEntryKind> for EntryKindBody {
    fn from(kind: PointEntryKind) -> Self {
        match kind {
            PointEntryKind::Charged => Self::Charged,
            PointEntryKind::Granted => Self::Granted,
            PointEntryKind::Spent => Self::Spent,
            PointEntryKind::Refunded => Self::Refunded,
            PointEntryKind::Expired => Self::Expired,
        }
    }
}

/// Points that came in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncomingPoints)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IncomingBody {
    #[schema(format = Uuid)]
    id: String,
    #[schema(format = Uuid)]
    user_id: String,
    kind: EntryKindBody,
    amount: MoneyBody,
    /// The balance right after it.
    balance: MoneyBody,
    created_at: Instant,
}

/// An entry of a history.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PointEntry)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntryBody {
    #[schema(format = Uuid)]
    id: String,
    kind: EntryKindBody,
    /// By how much the balance moved; below zero when points went.
    amount: MoneyBody,
    /// The balance right after it.
    balance: MoneyBody,
    /// The order that it belongs to.
    #[schema(required, format = Uuid)]
    order_id: Option<String>,
    created_at: Instant,
}

impl From<&PointEntry> for EntryBody {
    fn from(entry: &PointEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            kind: entry.kind.into(),
            amount: entry.amount.into(),
            balance: entry.balance.into(),
            order_id: entry.order.map(|order| order.to_string()),
            created_at: entry.created_at.into(),
        }
    }
}

/// The answer to a charge or a grant.
pub(crate) fn entered(entry: &PointEntry) -> Answer {
    let body = IncomingBody {
        id: entry.id.to_string(),
        user_id: entry.user.to_string(),
        kind: entry.kind.into(),
        amount: entry.amount.into(),
        balance: entry.balance.into(),
        created_at: entry.created_at.into(),
    };
    // An entry has no address of its own; the history that it stands in has.
    let location = format!("/api/v1/users/{}/points/history", entry.user);
    Answer { status: 201, location: Some(location), body: bytes(&body) }
}
