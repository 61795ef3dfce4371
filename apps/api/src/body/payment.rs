//! Payments.

use jangteo_application::Answer;
use jangteo_payment::{
    InvalidTenders, Payment, PaymentEvent, PaymentEventKind, PaymentStatus, RequestedTender,
    RequestedTenders, Tender, TenderMethod,
};
use jangteo_shared_kernel::OrderId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::values::bytes;
use super::{Instant, MoneyBody};
use crate::call::{Body, Terms};
use crate::problem::Faults;

/// A payment to make.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(as = PayOrder, example = json!({ "orderId": "01900000-0000-7000-8000-000000000002" }))]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
pub(crate) struct PayOrderBody {
    #[schema(format = Uuid)]
    order_id: String,
    /// How to pay, at most one tender a method; together exactly the order's total. Left out, all is paid with
    /// points.
    #[schema(min_items = 1)]
    tenders: Option<Vec<TenderRequest>>,
}

/// A way to pay, and how much of it.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object with method and amount")]
pub(crate) struct TenderRequest {
    method: MethodBody,
    /// Above zero.
    amount: MoneyBody,
    /// The card, as the gateway knows it. For CARD only.
    token: Option<String>,
}

/// A payment to make, as it is meant.
#[derive(Debug)]
pub(crate) struct MeantPayment {
    /// Of which order.
    pub(crate) order: OrderId,
    /// With what.
    pub(crate) tenders: RequestedTenders,
}

impl Body for PayOrderBody {
    type Meaning = MeantPayment;

    fn read(self, terms: Terms, faults: &mut Faults) -> Option<MeantPayment> {
        let order = faults.check("/orderId", self.order_id.parse().map_err(|_| "must be a UUID"));
        let tenders = match self.tenders {
            None => Some(RequestedTenders::AllPoints),
            Some(list) => tenders(&list, terms, faults),
        };
        Some(MeantPayment { order: order?, tenders: tenders? })
    }
}

fn tenders(list: &[TenderRequest], terms: Terms, faults: &mut Faults) -> Option<RequestedTenders> {
    let mut requested = Vec::with_capacity(list.len());
    for (index, tender) in list.iter().enumerate() {
        match (tender.method, &tender.token) {
            (MethodBody::Point, Some(_)) => faults.add(format!("/tenders/{index}/token"), "is for CARD only"),
            (MethodBody::Card, None) => faults.add(format!("/tenders/{index}/token"), "is required for CARD"),
            (MethodBody::Point, None) | (MethodBody::Card, Some(_)) => {}
        }
        let amount = tender.amount.read(&format!("/tenders/{index}/amount"), terms, faults);
        requested.push(amount.map(|amount| RequestedTender { method: tender.method.into(), amount }));
    }
    let requested: Vec<RequestedTender> = requested.into_iter().collect::<Option<_>>()?;
    RequestedTenders::these(requested)
        .map_err(|error| {
            let pointer = match error {
                InvalidTenders::Empty => "/tenders".to_owned(),
                InvalidTenders::Repeated { index } => format!("/tenders/{index}/method"),
                InvalidTenders::Amount { index } => format!("/tenders/{index}/amount/amount"),
            };
            faults.add(pointer, error.to_string());
        })
        .ok()
}

/// A way to pay.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[schema(as = TenderMethod)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum MethodBody {
    /// With points.
    Point,
    /// With a card.
    Card,
}

impl From<MethodBody> for TenderMethod {
    fn from(method: MethodBody) -> Self {
        match method {
            MethodBody::Point => Self::Point,
            MethodBody::Card => Self::Card,
        }
    }
}

impl From<TenderMethod> for MethodBody {
    fn from(method: TenderMethod) -> Self {
        match method {
            TenderMethod::Point => Self::Point,
            TenderMethod::Card => Self::Card,
        }
    }
}

/// What a payment's history makes it.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = PaymentStatus)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum PaymentStatusBody {
    /// Requested, with no outcome yet.
    Pending,
    /// Captured in full.
    Completed,
    /// Declined.
    Failed,
    /// The gateway did not answer; ask again.
    Unknown,
    /// Given back in full by one cancellation.
    Cancelled,
    /// Given back in part.
    PartiallyRefunded,
    /// Given back in full.
    Refunded,
}

impl From<PaymentStatus> for PaymentStatusBody {
    fn from(status: PaymentStatus) -> Self {
        match status {
            PaymentStatus::Pending => Self::Pending,
            PaymentStatus::Completed => Self::Completed,
            PaymentStatus::Failed => Self::Failed,
            PaymentStatus::Unknown => Self::Unknown,
            PaymentStatus::Cancelled => Self::Cancelled,
            PaymentStatus::PartiallyRefunded => Self::PartiallyRefunded,
            PaymentStatus::Refunded => Self::Refunded,
        }
    }
}

/// What happened to a payment.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = PaymentEventKind)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum EventKindBody {
    /// Somebody asked to pay.
    Requested,
    /// All tenders were taken.
    Approved,
    /// A tender was declined.
    Failed,
    /// A gateway did not answer.
    Unknown,
    /// Some units were given back.
    PartiallyRefunded,
    /// The last units were given back.
    Refunded,
    /// The payment was cancelled.
    Cancelled,
}

impl From<PaymentEventKind> for EventKindBody {
    fn from(kind: PaymentEventKind) -> Self {
        match kind {
            PaymentEventKind::Requested => Self::Requested,
            PaymentEventKind::Approved => Self::Approved,
            PaymentEventKind::Failed => Self::Failed,
            PaymentEventKind::Unknown => Self::Unknown,
            PaymentEventKind::PartiallyRefunded => Self::PartiallyRefunded,
            PaymentEventKind::Refunded => Self::Refunded,
            PaymentEventKind::Cancelled => Self::Cancelled,
        }
    }
}

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentBody {
    #[schema(format = Uuid)]
    id: String,
    #[schema(format = Uuid)]
    order_id: String,
    status: PaymentStatusBody,
    /// The order's total.
    amount: MoneyBody,
    /// How much of it was given back.
    refunded: MoneyBody,
    tenders: Vec<TenderBody>,
    /// What happened to it; entries are only ever added.
    events: Vec<EventBody>,
    created_at: Instant,
}

/// One way that a payment is made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tender)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenderBody {
    method: MethodBody,
    amount: MoneyBody,
    refunded: MoneyBody,
}

/// One thing that happened to a payment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentEvent)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventBody {
    /// From 1, without gaps.
    sequence: u32,
    kind: EventKindBody,
    amount: MoneyBody,
    created_at: Instant,
}

impl From<&Payment> for PaymentBody {
    fn from(payment: &Payment) -> Self {
        let tender = |tender: &Tender| TenderBody {
            method: tender.method.into(),
            amount: tender.amount.into(),
            refunded: tender.refunded.into(),
        };
        let event = |event: &PaymentEvent| EventBody {
            sequence: event.sequence,
            kind: event.kind.into(),
            amount: event.amount.into(),
            created_at: event.created_at.into(),
        };
        Self {
            id: payment.id.to_string(),
            order_id: payment.order.to_string(),
            status: payment.status().into(),
            amount: payment.amount.into(),
            refunded: payment.refunded().into(),
            tenders: payment.tenders.iter().map(tender).collect(),
            events: payment.events.iter().map(event).collect(),
            created_at: payment.created_at.into(),
        }
    }
}

/// The answer to a payment.
pub(crate) fn paid(payment: &Payment) -> Answer {
    let location = format!("/api/v1/payments/{}", payment.id);
    Answer { status: 201, location: Some(location), body: bytes(&PaymentBody::from(payment)) }
}

/// The answer to a cancellation.
pub(crate) fn cancelled(payment: &Payment) -> Answer {
    Answer { status: 200, location: None, body: bytes(&PaymentBody::from(payment)) }
}
