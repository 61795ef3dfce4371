//! Payments.

use jangteo_application::PayOrderRefusal;

use crate::problem::{Code, Problem};

/// Why an order was not paid; `card` is the place of the card among the tenders of the request.
pub(crate) fn cannot_pay(refusal: PayOrderRefusal, card: Option<usize>) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        PayOrderRefusal::NoGateway => Problem::field(
            format!("/tenders/{}/method", card.unwrap_or_default()),
            "cards are not taken here",
        ),
        PayOrderRefusal::OrderNotFound => Problem::not_found(),
        PayOrderRefusal::AlreadyPaid => Problem::new(Code::AlreadyPaid, detail),
        PayOrderRefusal::OrderNotPayable => Problem::new(Code::OrderNotPayable, detail),
        PayOrderRefusal::AmountMismatch { .. } => Problem::new(Code::AmountMismatch, detail),
        PayOrderRefusal::InsufficientPoints { .. } => Problem::new(Code::InsufficientPoints, detail),
        PayOrderRefusal::BrokenOrder(error) => Problem::internal(&error.into()),
    }
}
