//! Refunds, and payments that are cancelled.

use jangteo_application::{CancelPaymentRefusal, RefundPaymentRefusal};

use crate::problem::{Code, Problem};

/// Why a payment was not refunded.
pub(crate) fn cannot_refund(refusal: RefundPaymentRefusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        RefundPaymentRefusal::RestockIsNotYours => Problem::new(Code::Forbidden, detail),
        RefundPaymentRefusal::PaymentNotFound => Problem::not_found(),
        RefundPaymentRefusal::NotRefundable => Problem::new(Code::PaymentNotRefundable, detail),
        RefundPaymentRefusal::UnknownLine { index } => {
            Problem::field(format!("/items/{index}/orderItemId"), detail)
        }
        RefundPaymentRefusal::ExceedsPaid => Problem::new(Code::RefundExceedsPaid, detail),
        RefundPaymentRefusal::BrokenBooks(books) => Problem::internal(&books.into()),
    }
}

/// Why a payment was not cancelled.
pub(crate) fn cannot_cancel_payment(refusal: CancelPaymentRefusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        CancelPaymentRefusal::PaymentNotFound => Problem::not_found(),
        CancelPaymentRefusal::NotCancellable => Problem::new(Code::PaymentNotCancellable, detail),
        CancelPaymentRefusal::BrokenBooks(books) => Problem::internal(&books.into()),
    }
}
