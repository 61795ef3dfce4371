//! The commands that carry a key, and what their use cases refuse.

use crate::problem::Code;

/// A command that carries a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// Places an order.
    PlaceOrder,
    /// Pays an order.
    PayOrder,
    /// Cancels a payment.
    CancelPayment,
    /// Refunds a payment.
    RefundPayment,
    /// Charges points.
    ChargePoints,
    /// Grants points.
    GrantPoints,
    /// Claims a coupon.
    ClaimCoupon,
    /// Adjusts a stock.
    AdjustStock,
}

impl Command {
    /// All of them, in the order in which they are declared.
    pub(crate) const ALL: [Self; 8] = [
        Self::PlaceOrder,
        Self::PayOrder,
        Self::CancelPayment,
        Self::RefundPayment,
        Self::ChargePoints,
        Self::GrantPoints,
        Self::ClaimCoupon,
        Self::AdjustStock,
    ];

    /// As figures name it. Those that go in sets are named so by their groups as well.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::PlaceOrder => "place_order",
            Self::PayOrder => "pay_order",
            Self::CancelPayment => "cancel_payment",
            Self::RefundPayment => "refund_payment",
            Self::ChargePoints => "charge_points",
            Self::GrantPoints => "grant_points",
            Self::ClaimCoupon => "claim_coupon",
            Self::AdjustStock => "adjust_stock",
        }
    }

    /// What its use case may refuse it for, besides a field that does not hold.
    pub(crate) const fn refusals(self) -> &'static [Code] {
        match self {
            Self::PlaceOrder => {
                &[Code::ProductNotOnSale, Code::OutOfStock, Code::CouponNotUsable, Code::PriceChanged]
            }
            Self::PayOrder => &[
                Code::NotFound,
                Code::AlreadyPaid,
                Code::OrderNotPayable,
                Code::AmountMismatch,
                Code::InsufficientPoints,
            ],
            Self::CancelPayment => &[Code::NotFound, Code::PaymentNotCancellable],
            Self::RefundPayment => {
                &[Code::Forbidden, Code::NotFound, Code::PaymentNotRefundable, Code::RefundExceedsPaid]
            }
            Self::ChargePoints | Self::GrantPoints => &[Code::NotFound, Code::PointLimitExceeded],
            Self::ClaimCoupon => &[
                Code::NotFound,
                Code::ClaimNotOpen,
                Code::ClaimClosed,
                Code::CouponAlreadyClaimed,
                Code::CouponSoldOut,
            ],
            Self::AdjustStock => &[Code::NotFound, Code::OutOfStock],
        }
    }
}
