//! The order aggregate.

use jangteo_shared_kernel::{
    IssuedCouponId, Money, OrderId, OrderLineId, ProductId, Quantity, Timestamp, UserId,
};

use crate::{OrderState, OrderStatus};

/// An order: what was asked for, by whom, for how much, and where it is in its life.
///
/// The fields are public for storages, which write and read them; rules live in the methods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Names it to every other context.
    pub id: OrderId,
    /// Whose it is.
    pub user: UserId,
    /// Its lines, by number.
    pub lines: Vec<OrderLine>,
    /// Σ of the lines' gross.
    pub gross: Money,
    /// Σ of the lines' discount.
    pub discount: Money,
    /// The coupon that the discount comes from. It stays named here after it was given back.
    pub issued_coupon: Option<IssuedCouponId>,
    /// When it was placed.
    pub created_at: Timestamp,
    /// From then on it can no longer be paid.
    pub expires_at: Timestamp,
    /// Where it is in its life.
    pub state: OrderState,
    /// Counts its changes.
    pub version: i64,
}

/// A line of an order: units of one product, with the name and price that it had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLine {
    /// Names it.
    pub id: OrderLineId,
    /// Its place in the order, from 1.
    pub number: u16,
    /// Of which product.
    pub product: ProductId,
    /// What that product was called.
    pub product_name: String,
    /// What one unit cost.
    pub unit_price: Money,
    /// How many units.
    pub quantity: Quantity,
    /// Price × quantity.
    pub gross: Money,
    /// The line's share of the order's discount; never above its gross.
    pub discount: Money,
    /// How many of the units were refunded.
    pub refunded: Quantity,
    /// How many of the refunded units went back into the stock.
    pub restocked: Quantity,
}

impl Order {
    /// The name of its state.
    #[must_use]
    pub const fn status(&self) -> OrderStatus {
        self.state.status()
    }

    /// What a payment has to settle: gross less discount.
    #[must_use]
    pub fn total(&self) -> Money {
        less(self.gross, self.discount)
    }
}

impl OrderLine {
    /// What the customer pays for the line: gross less discount.
    #[must_use]
    pub fn net(&self) -> Money {
        less(self.gross, self.discount)
    }
}

/// `gross − discount` of the same currency with `0 ≤ discount ≤ gross`: [`Order::place`] sees to it and the tables
/// check it, so it always fits.
fn less(gross: Money, discount: Money) -> Money {
    gross.minus(discount).unwrap_or(Money::zero(gross.currency()))
}
