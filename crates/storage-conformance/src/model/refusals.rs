//! A code for each refusal, for comparison. No arm is left open, so that a new refusal does not compile without one.

use jangteo_application::{
    AdjustStockRefusal, CancelOrderRefusal, CancelPaymentRefusal, ChargePointsRefusal, ClaimCouponRefusal,
    GrantPointsRefusal, PayOrderRefusal, PlaceOrderRefusal, RefundPaymentRefusal,
};
use jangteo_coupon::ClaimRefusal;
use jangteo_point::{ChargeRefusal, GrantRefusal};
use jangteo_product::AdjustRefusal;

const NOT_FOUND: &str = "not-found";

pub(super) const fn charge(refusal: ChargePointsRefusal) -> &'static str {
    match refusal {
        ChargePointsRefusal::AccountNotFound => NOT_FOUND,
        ChargePointsRefusal::Charge(ChargeRefusal::AmountOutOfRange { .. }) => "amount-out-of-range",
        ChargePointsRefusal::Charge(ChargeRefusal::LimitExceeded { .. }) => "point-limit-exceeded",
    }
}

pub(super) const fn grant(refusal: GrantPointsRefusal) -> &'static str {
    match refusal {
        GrantPointsRefusal::AccountNotFound => NOT_FOUND,
        GrantPointsRefusal::Grant(GrantRefusal::NotPositive) => "not-positive",
        GrantPointsRefusal::Grant(GrantRefusal::AlreadyExpired) => "already-expired",
        GrantPointsRefusal::Grant(GrantRefusal::LimitExceeded { .. }) => "point-limit-exceeded",
    }
}

pub(super) const fn claim(refusal: ClaimCouponRefusal) -> &'static str {
    match refusal {
        ClaimCouponRefusal::CampaignNotFound => NOT_FOUND,
        ClaimCouponRefusal::Claim(ClaimRefusal::NotOpen) => "claim-not-open",
        ClaimCouponRefusal::Claim(ClaimRefusal::Closed) => "claim-closed",
        ClaimCouponRefusal::Claim(ClaimRefusal::AlreadyClaimed) => "coupon-already-claimed",
        ClaimCouponRefusal::Claim(ClaimRefusal::SoldOut) => "coupon-sold-out",
    }
}

pub(super) const fn place(refusal: PlaceOrderRefusal) -> &'static str {
    match refusal {
        PlaceOrderRefusal::UnknownProduct { .. } => NOT_FOUND,
        PlaceOrderRefusal::ProductNotOnSale { .. } => "product-not-on-sale",
        PlaceOrderRefusal::OutOfStock { .. } => "out-of-stock",
        PlaceOrderRefusal::CouponNotUsable(_) => "coupon-not-usable",
        PlaceOrderRefusal::PriceChanged { .. } => "price-changed",
        PlaceOrderRefusal::Amount(_) => "amount",
    }
}

pub(super) const fn pay(refusal: PayOrderRefusal) -> &'static str {
    match refusal {
        PayOrderRefusal::NoGateway => "no-gateway",
        PayOrderRefusal::OrderNotFound => NOT_FOUND,
        PayOrderRefusal::AlreadyPaid => "already-paid",
        PayOrderRefusal::OrderNotPayable => "order-not-payable",
        PayOrderRefusal::AmountMismatch { .. } => "amount-mismatch",
        PayOrderRefusal::InsufficientPoints { .. } => "insufficient-points",
        PayOrderRefusal::BrokenOrder(_) => "broken-order",
    }
}

pub(super) const fn cancel(refusal: CancelOrderRefusal) -> &'static str {
    match refusal {
        CancelOrderRefusal::OrderNotFound => NOT_FOUND,
        CancelOrderRefusal::NotCancellable(_) => "order-not-cancellable",
    }
}

pub(super) const fn refund(refusal: RefundPaymentRefusal) -> &'static str {
    match refusal {
        RefundPaymentRefusal::RestockIsNotYours => "restock-is-not-yours",
        RefundPaymentRefusal::PaymentNotFound => NOT_FOUND,
        RefundPaymentRefusal::NotRefundable => "payment-not-refundable",
        RefundPaymentRefusal::UnknownLine { .. } => "unknown-line",
        RefundPaymentRefusal::ExceedsPaid => "refund-exceeds-paid",
        RefundPaymentRefusal::BrokenBooks(_) => "broken-books",
    }
}

pub(super) const fn cancel_payment(refusal: CancelPaymentRefusal) -> &'static str {
    match refusal {
        CancelPaymentRefusal::PaymentNotFound => NOT_FOUND,
        CancelPaymentRefusal::NotCancellable => "payment-not-cancellable",
        CancelPaymentRefusal::BrokenBooks(_) => "broken-books",
    }
}

pub(super) const fn adjust(refusal: AdjustStockRefusal) -> &'static str {
    match refusal {
        AdjustStockRefusal::ProductNotFound => NOT_FOUND,
        AdjustStockRefusal::Adjust(AdjustRefusal::Zero) => "zero",
        AdjustStockRefusal::Adjust(AdjustRefusal::OutOfStock { .. }) => "out-of-stock",
        AdjustStockRefusal::Adjust(AdjustRefusal::TooMuch) => "too-much",
    }
}
