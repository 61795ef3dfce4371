//! The order context: the order with its lines, every amount, and its life cycle.
//!
//! # Language
//! An [`Order`] has *lines* (ADR-004), each a product with the name and price that it had when the order was placed
//! (ADR-012), and it owns every amount (ADR-005): *gross* is price × quantity, *net* is gross less the line's share of
//! the *discount*, *total* is what a payment has to settle. A [`Discount`] comes from a coupon, of which the order knows
//! the id and the [`DiscountRule`] and nothing else; its *base* is the gross of the lines that it applies to. The
//! order's [`OrderState`] carries what each state knows.
//!
//! ```text
//! PENDING_PAYMENT ──pay──▶ PAID ──refund──▶ PARTIALLY_REFUNDED ──▶ REFUNDED
//!        ├──cancel──▶ CANCELLED
//!        └──time────▶ EXPIRED
//! ```
//!
//! # Invariants
//! - 1 to 100 lines of 1 to 999 units, one line a product; an order of nothing to pay is paid when it is placed.
//! - `total = gross − discount = Σ net`, for the order and for each line; no amount is negative.
//! - Amounts are frozen: no later edit of a product touches a placed order.
//! - A discount is above zero and never above its base; its shares are never above a line's gross, and zero for lines
//!   that it does not apply to. One that takes nothing off is refused, so that no coupon is wasted.
//! - Only an unpaid order can be paid, cancelled or expire, and each of these happens once.
//! - Per line `restocked ≤ refunded ≤ quantity`. Whether an order is refunded in part or in full follows these counts,
//!   never money: giving back 0 won is a refund like any other.
//!
//! ```
//! use jangteo_order::{
//!     Discount, DiscountKind, DiscountRule, DiscountScope, Order, OrderTerms, OrderedItem, OrderStatus, RequestedItems,
//! };
//! use jangteo_shared_kernel::{Currency, Money, Quantity, Timestamp};
//!
//! let now: Timestamp = "2026-11-22T00:00:00Z".parse()?;
//! let mug = "01900000-0000-7000-8000-000000000001".parse()?;
//! // The same product twice is one line.
//! let items = RequestedItems::new([(mug, Quantity::ONE), (mug, Quantity::ONE)])?;
//! let discount = Discount {
//!     coupon: "01900000-0000-7000-8000-000000000005".parse()?,
//!     rule: DiscountRule {
//!         kind: DiscountKind::Fixed(Money::new(1_000, Currency::KRW)),
//!         minimum: None,
//!         scope: DiscountScope::All,
//!     },
//! };
//! let order = Order::place(
//!     OrderTerms {
//!         id: "01900000-0000-7000-8000-000000000002".parse()?,
//!         user: "01900000-0000-7000-8000-000000000003".parse()?,
//!         currency: Currency::KRW,
//!         placed_at: now,
//!         expires_at: now + chrono::TimeDelta::minutes(30),
//!     },
//!     items.iter().map(|(product, quantity)| OrderedItem {
//!         line: "01900000-0000-7000-8000-000000000004".parse().unwrap(),
//!         product,
//!         product_name: "머그컵".into(),
//!         unit_price: Money::new(12_000, Currency::KRW),
//!         quantity,
//!     }),
//!     Some(&discount),
//! )?;
//! assert_eq!((order.gross.amount(), order.total().amount()), (24_000, 23_000));
//! assert_eq!(order.status(), OrderStatus::PendingPayment);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![deny(missing_docs)]

mod discount;
mod items;
mod order;
mod place;
mod refund;
mod repository;
mod state;

pub use discount::{Discount, DiscountKind, DiscountRefusal, DiscountRule, DiscountScope, PlaceRefusal};
pub use items::{InvalidItems, MAX_LINE_QUANTITY, MAX_LINES, RequestedItems};
pub use order::{Order, OrderLine};
pub use place::{OrderTerms, OrderedItem};
pub use refund::{RefundedExtent, ReturnRefusal, ReturnedUnits};
pub use repository::{OrderFilter, OrderPosition, OrderQueries, OrderRepository, Orders};
pub use state::{CancelRefusal, Cancelled, ExpireRefusal, OrderState, OrderStatus, PayRefusal};
