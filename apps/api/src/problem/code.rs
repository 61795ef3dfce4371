//! Every code that an answer can carry. The list is closed: clients may rely on it.

use actix_web::http::StatusCode;

/// A kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Code {
    /// 400.
    MalformedRequest,
    /// 400.
    IdempotencyKeyRequired,
    /// 400.
    IdempotencyKeyInvalid,
    /// 400.
    InvalidCursor,
    /// 401.
    Unauthenticated,
    /// 401.
    InvalidCredentials,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// 405.
    MethodNotAllowed,
    /// 409.
    EmailTaken,
    /// 409.
    ProductNotOnSale,
    /// 409.
    OutOfStock,
    /// 409.
    CouponNotUsable,
    /// 409.
    PriceChanged,
    /// 409.
    OrderNotCancellable,
    /// 409.
    OrderNotPayable,
    /// 409.
    AlreadyPaid,
    /// 409.
    AmountMismatch,
    /// 409.
    PaymentNotCancellable,
    /// 409.
    PaymentNotRefundable,
    /// 409.
    RefundExceedsPaid,
    /// 409.
    InsufficientPoints,
    /// 409.
    PointLimitExceeded,
    /// 409.
    ClaimNotOpen,
    /// 409.
    ClaimClosed,
    /// 409.
    CouponAlreadyClaimed,
    /// 409.
    CouponSoldOut,
    /// 412.
    PreconditionFailed,
    /// 413.
    BodyTooLarge,
    /// 415.
    UnsupportedMediaType,
    /// 422.
    ValidationFailed,
    /// 422.
    IdempotencyKeyReused,
    /// 429.
    RateLimited,
    /// 500.
    Internal,
    /// 503.
    Unavailable,
}

/// What is known of a code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    /// The code as clients read it.
    pub(crate) name: &'static str,
    /// The status that it comes with.
    pub(crate) status: StatusCode,
    /// What happened, in a few words.
    pub(crate) title: &'static str,
    /// What it means and what to do, for a person.
    pub(crate) explanation: &'static str,
}

const fn entry(
    name: &'static str,
    status: StatusCode,
    title: &'static str,
    explanation: &'static str,
) -> Entry {
    Entry { name, status, title, explanation }
}

impl Code {
    /// All codes.
    pub(crate) const ALL: [Self; 35] = [
        Self::MalformedRequest,
        Self::IdempotencyKeyRequired,
        Self::IdempotencyKeyInvalid,
        Self::InvalidCursor,
        Self::Unauthenticated,
        Self::InvalidCredentials,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::EmailTaken,
        Self::ProductNotOnSale,
        Self::OutOfStock,
        Self::CouponNotUsable,
        Self::PriceChanged,
        Self::OrderNotCancellable,
        Self::OrderNotPayable,
        Self::AlreadyPaid,
        Self::AmountMismatch,
        Self::PaymentNotCancellable,
        Self::PaymentNotRefundable,
        Self::RefundExceedsPaid,
        Self::InsufficientPoints,
        Self::PointLimitExceeded,
        Self::ClaimNotOpen,
        Self::ClaimClosed,
        Self::CouponAlreadyClaimed,
        Self::CouponSoldOut,
        Self::PreconditionFailed,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::ValidationFailed,
        Self::IdempotencyKeyReused,
        Self::RateLimited,
        Self::Internal,
        Self::Unavailable,
    ];

    /// The code with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.entry().name == name)
    }

    /// What is known of it.
    #[expect(clippy::too_many_lines, reason = "a table: one entry a code")]
    pub(crate) const fn entry(self) -> Entry {
        use StatusCode as S;
        match self {
            Self::MalformedRequest => entry(
                "malformed-request",
                S::BAD_REQUEST,
                "The request cannot be read",
                "The body is not JSON, or not UTF-8, or is nested too deeply; or the request itself breaks the rules \
                 of HTTP. Sending it again unchanged will not help.",
            ),
            Self::IdempotencyKeyRequired => entry(
                "idempotency-key-required",
                S::BAD_REQUEST,
                "An Idempotency-Key is required",
                "This request must carry the header Idempotency-Key, so that it takes effect once however often it is \
                 sent. Make a new random key (a UUID, say) for each thing that you want to happen, and send the same \
                 key again when you try again.",
            ),
            Self::IdempotencyKeyInvalid => entry(
                "idempotency-key-invalid",
                S::BAD_REQUEST,
                "The Idempotency-Key is not one",
                "The header Idempotency-Key must be there once and hold 1 to 255 visible ASCII characters.",
            ),
            Self::InvalidCursor => entry(
                "invalid-cursor",
                S::BAD_REQUEST,
                "The cursor is not one of this list",
                "A cursor is the nextCursor of the page before, unchanged, and goes with the filters and the order of \
                 that page. Start again without one.",
            ),
            Self::Unauthenticated => entry(
                "unauthenticated",
                S::UNAUTHORIZED,
                "Log in first",
                "The request carries no access token, or one that is forged, has expired, or belongs to a session that \
                 has ended. Exchange the refresh token for a new one, or log in.",
            ),
            Self::InvalidCredentials => entry(
                "invalid-credentials",
                S::UNAUTHORIZED,
                "The e-mail address or the password is wrong",
                "Nobody is told which of the two, so that addresses cannot be probed.",
            ),
            Self::Forbidden => entry(
                "forbidden",
                S::FORBIDDEN,
                "Your role does not allow this",
                "Only administrators may do this.",
            ),
            Self::NotFound => entry(
                "not-found",
                S::NOT_FOUND,
                "There is no such thing",
                "Nothing is at this address, or it belongs to somebody else: the two are told apart to nobody.",
            ),
            Self::MethodNotAllowed => entry(
                "method-not-allowed",
                S::METHOD_NOT_ALLOWED,
                "This cannot be done here",
                "The address exists, but not with this method. The header Allow names those it has.",
            ),
            Self::EmailTaken => entry(
                "email-taken",
                S::CONFLICT,
                "The e-mail address belongs to an account",
                "Log in instead, or use another address.",
            ),
            Self::ProductNotOnSale => entry(
                "product-not-on-sale",
                S::CONFLICT,
                "A product is not on sale",
                "The product is suspended or discontinued. Nothing was ordered.",
            ),
            Self::OutOfStock => entry(
                "out-of-stock",
                S::CONFLICT,
                "There is not enough in stock",
                "There are fewer units than the request wants. Nothing was taken.",
            ),
            Self::CouponNotUsable => entry(
                "coupon-not-usable",
                S::CONFLICT,
                "The coupon cannot be used for this order",
                "The coupon is unknown, somebody else's, used, not valid yet, expired, or takes nothing off this order. \
                 Nothing was ordered.",
            ),
            Self::PriceChanged => entry(
                "price-changed",
                S::CONFLICT,
                "The price has changed",
                "The order would cost something else than expectedTotal says. Nothing was ordered; show the customer \
                 the new price and ask again.",
            ),
            Self::OrderNotCancellable => entry(
                "order-not-cancellable",
                S::CONFLICT,
                "The order cannot be cancelled",
                "Only an order that waits for its payment can be cancelled. A paid one can be refunded.",
            ),
            Self::OrderNotPayable => entry(
                "order-not-payable",
                S::CONFLICT,
                "The order can no longer be paid",
                "The order was cancelled, or was not paid in time. Order again.",
            ),
            Self::AlreadyPaid => entry(
                "already-paid",
                S::CONFLICT,
                "The order is already paid",
                "A payment has settled the order. Nothing was taken again.",
            ),
            Self::AmountMismatch => entry(
                "amount-mismatch",
                S::CONFLICT,
                "The tenders do not add up to the order's total",
                "An order is paid in full or not at all. Nothing was taken.",
            ),
            Self::PaymentNotCancellable => entry(
                "payment-not-cancellable",
                S::CONFLICT,
                "The payment cannot be cancelled",
                "The payment never completed, or nothing is left of it: it was cancelled or refunded in full before.",
            ),
            Self::PaymentNotRefundable => entry(
                "payment-not-refundable",
                S::CONFLICT,
                "The payment cannot be refunded",
                "The payment never completed, so there is nothing to give back.",
            ),
            Self::RefundExceedsPaid => entry(
                "refund-exceeds-paid",
                S::CONFLICT,
                "More would be refunded than is left",
                "The refund names more units than are left of the payment, or nothing is left. Nothing was refunded; \
                 the order shows how many units of each item were refunded before.",
            ),
            Self::InsufficientPoints => entry(
                "insufficient-points",
                S::CONFLICT,
                "There are not enough points",
                "The account has fewer points than the payment wants. Nothing was taken; charge points and try again.",
            ),
            Self::PointLimitExceeded => entry(
                "point-limit-exceeded",
                S::CONFLICT,
                "The account would hold too many points",
                "An account holds a limited number of points. Nothing was added.",
            ),
            Self::ClaimNotOpen => entry(
                "claim-not-open",
                S::CONFLICT,
                "The coupons cannot be claimed yet",
                "Claiming begins at the campaign's claimFrom. Try again then.",
            ),
            Self::ClaimClosed => entry(
                "claim-closed",
                S::CONFLICT,
                "The coupons can no longer be claimed",
                "Claiming ended at the campaign's claimUntil.",
            ),
            Self::CouponAlreadyClaimed => entry(
                "coupon-already-claimed",
                S::CONFLICT,
                "You have this coupon already",
                "A user gets at most perUserLimit coupons of a campaign, used and expired ones included.",
            ),
            Self::CouponSoldOut => entry(
                "coupon-sold-out",
                S::CONFLICT,
                "All coupons are claimed",
                "Others were faster: no coupon of the campaign is left, and none comes back.",
            ),
            Self::PreconditionFailed => entry(
                "precondition-failed",
                S::PRECONDITION_FAILED,
                "Somebody else has changed it since",
                "The header If-Match names a version that is no longer the present one. Read it again, and decide anew.",
            ),
            Self::BodyTooLarge => entry(
                "body-too-large",
                S::PAYLOAD_TOO_LARGE,
                "The body is too large",
                "A body has at most 64 KiB.",
            ),
            Self::UnsupportedMediaType => entry(
                "unsupported-media-type",
                S::UNSUPPORTED_MEDIA_TYPE,
                "The body must be JSON",
                "Send the header Content-Type: application/json, and JSON in UTF-8.",
            ),
            Self::ValidationFailed => entry(
                "validation-failed",
                S::UNPROCESSABLE_ENTITY,
                "Some fields do not hold what they should",
                "The list errors names each field by its JSON pointer, or each query parameter by its name after a \
                 slash, and says what is wrong with it.",
            ),
            Self::IdempotencyKeyReused => entry(
                "idempotency-key-reused",
                S::UNPROCESSABLE_ENTITY,
                "The Idempotency-Key was used for another request",
                "A key stands for one request: method, address and body. Make a new key for a new request.",
            ),
            Self::RateLimited => entry(
                "rate-limited",
                S::TOO_MANY_REQUESTS,
                "Too many requests",
                "Nothing was looked at and nothing has happened. Try again after Retry-After seconds. Requests are counted by \
                 log-in, or else by address; RateLimit-Policy tells how many there may be of this class, and RateLimit \
                 how many are left. For log-ins and passwords there is another reason: too many have failed, at this \
                 account or from this address; each further failure makes the pause longer.",
            ),
            Self::Internal => entry(
                "internal",
                S::INTERNAL_SERVER_ERROR,
                "Something went wrong here",
                "This is a fault of the server. It has been logged under the answer's traceId.",
            ),
            Self::Unavailable => entry(
                "unavailable",
                S::SERVICE_UNAVAILABLE,
                "The service is not available right now",
                "The server is overloaded, is stopping, or has lost its database. Whether a request that changes \
                 something took effect is not known: send it again, after Retry-After seconds, with the same \
                 Idempotency-Key.",
            ),
        }
    }

    /// The code that stands for a status which was not chosen here.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthenticated,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::TOO_MANY_REQUESTS => Self::RateLimited,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            other if other.is_server_error() => Self::Internal,
            _ => Self::MalformedRequest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_name() {
        for code in Code::ALL {
            assert_eq!(Code::named(code.entry().name), Some(code));
        }
        assert_eq!(Code::named("no-such-code"), None);
    }
}
