//! Refunds.

use jangteo_application::Answer;
use jangteo_refund::{
    InvalidRequest, Refund, RefundItem, RefundMethod, RefundPlan, RefundReason, RequestedItem,
    RequestedRefund, Share,
};
use jangteo_shared_kernel::{PaymentId, Quantity};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::payment::MethodBody;
use super::values::bytes;
use super::{Instant, MoneyBody};
use crate::call::{Body, Terms};
use crate::problem::Faults;

/// A refund to make, or to preview.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(as = RefundPayment, example = json!({
    "paymentId": "01900000-0000-7000-8000-000000000003",
    "reason": "one came broken",
    "items": [{ "orderItemId": "01900000-0000-7000-8000-000000000004", "quantity": 1 }],
}))]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
pub(crate) struct RefundPaymentBody {
    #[schema(format = Uuid)]
    payment_id: String,
    /// Why, in 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
    /// Which units, at least one; items of one line are summed. Left out, all that is left.
    #[schema(min_items = 1)]
    items: Option<Vec<RefundItemRequest>>,
}

/// Units of a line to refund.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object with orderItemId and quantity")]
pub(crate) struct RefundItemRequest {
    #[schema(format = Uuid)]
    order_item_id: String,
    /// At least 1.
    #[schema(minimum = 1)]
    quantity: i64,
    /// Whether the units go back into the stock, which they do unless told. Only administrators say no.
    restock: Option<bool>,
}

/// A refund, as it is meant.
#[derive(Debug)]
pub(crate) struct MeantRefund {
    /// Of which payment.
    pub(crate) payment: PaymentId,
    /// Why.
    pub(crate) reason: RefundReason,
    /// What of it.
    pub(crate) items: RequestedRefund,
}

impl Body for RefundPaymentBody {
    type Meaning = MeantRefund;

    fn read(self, _: Terms, faults: &mut Faults) -> Option<MeantRefund> {
        let payment = faults.check("/paymentId", self.payment_id.parse().map_err(|_| "must be a UUID"));
        let reason = faults.check("/reason", self.reason.parse());
        let items = match self.items {
            None => Some(RequestedRefund::Everything),
            Some(list) => items(&list, faults),
        };
        Some(MeantRefund { payment: payment?, reason: reason?, items: items? })
    }
}

fn items(list: &[RefundItemRequest], faults: &mut Faults) -> Option<RequestedRefund> {
    let mut requested = Vec::with_capacity(list.len());
    for (index, item) in list.iter().enumerate() {
        let line = item.order_item_id.parse().map_err(|_| "must be a UUID");
        let line = faults.check(format!("/items/{index}/orderItemId"), line);
        let quantity = faults.check(format!("/items/{index}/quantity"), Quantity::try_from(item.quantity));
        requested.push(line.zip(quantity).map(|(line, quantity)| RequestedItem {
            line,
            quantity,
            restock: item.restock.unwrap_or(true),
        }));
    }
    let requested: Vec<RequestedItem> = requested.into_iter().collect::<Option<_>>()?;
    RequestedRefund::these(requested)
        .map_err(|error| {
            let pointer = match error {
                InvalidRequest::Empty => "/items".to_owned(),
                InvalidRequest::Quantity { index } => format!("/items/{index}/quantity"),
            };
            faults.add(pointer, error.to_string());
        })
        .ok()
}

/// A refund.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Refund)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefundBody {
    #[schema(format = Uuid)]
    id: String,
    #[schema(format = Uuid)]
    payment_id: String,
    #[schema(format = Uuid)]
    order_id: String,
    reason: String,
    /// What was given back.
    amount: MoneyBody,
    tenders: Vec<RefundTenderBody>,
    items: Vec<RefundItemBody>,
    created_at: Instant,
}

/// What a refund would be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefundPreview)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefundPreviewBody {
    #[schema(format = Uuid)]
    payment_id: String,
    /// What would be given back.
    amount: MoneyBody,
    tenders: Vec<RefundTenderBody>,
    items: Vec<RefundItemBody>,
}

/// How much goes back on one way.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefundTender)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefundTenderBody {
    method: MethodBody,
    amount: MoneyBody,
}

/// Units of a line that go back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefundItem)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefundItemBody {
    #[schema(format = Uuid)]
    order_item_id: String,
    quantity: u32,
    amount: MoneyBody,
    /// Whether the units are in the stock again.
    restock: bool,
}

impl From<&Refund> for RefundBody {
    fn from(refund: &Refund) -> Self {
        Self {
            id: refund.id.to_string(),
            payment_id: refund.payment.to_string(),
            order_id: refund.order.to_string(),
            reason: refund.reason.as_str().to_owned(),
            amount: refund.amount.into(),
            tenders: refund.tenders.iter().map(RefundTenderBody::from).collect(),
            items: refund.items.iter().map(RefundItemBody::from).collect(),
            created_at: refund.created_at.into(),
        }
    }
}

impl RefundPreviewBody {
    pub(crate) fn of(payment: PaymentId, plan: &RefundPlan) -> Self {
        Self {
            payment_id: payment.to_string(),
            amount: plan.amount.into(),
            tenders: plan.tenders.iter().map(RefundTenderBody::from).collect(),
            items: plan.items.iter().map(RefundItemBody::from).collect(),
        }
    }
}

impl From<&Share> for RefundTenderBody {
    fn from(share: &Share) -> Self {
        let method = match share.method {
            RefundMethod::Point => MethodBody::Point,
            RefundMethod::Card => MethodBody::Card,
        };
        Self { method, amount: share.amount.into() }
    }
}

impl From<&RefundItem> for RefundItemBody {
    fn from(item: &RefundItem) -> Self {
        Self {
            order_item_id: item.line.to_string(),
            quantity: item.quantity.get(),
            amount: item.amount.into(),
            restock: item.restock,
        }
    }
}

/// The answer to a refund.
pub(crate) fn refunded(refund: &Refund) -> Answer {
    let location = format!("/api/v1/refunds/{}", refund.id);
    Answer { status: 201, location: Some(location), body: bytes(&RefundBody::from(refund)) }
}
