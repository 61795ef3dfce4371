//! The refund context: how much of a payment goes back, by line, unit and tender (ADR-009).
//!
//! # Language
//! A [`Refund`] gives units of an order's lines back. What is asked for ([`RequestedRefund`]) is worked out against what
//! is left ([`RefundablePayment`]) to a [`RefundPlan`]: units and amounts. A preview is that plan and nothing more; a
//! refund is the plan, kept. What a tender paid for a line is its *share*, frozen with the payment; nothing is ever
//! computed from live prices or from the lines that are left.
//!
//! # Invariants
//! - With `F(n) = floor(share × n / quantity)`, refunding k units after n gives `F(n + k) − F(n)` of each share. This
//!   telescopes: any sequence of refunds adds up to exactly what was paid, to the last won, per line and tender.
//! - Never more units than are left. Statuses follow units, never money: a refund of 0 won is one like any other.
//! - A refund's amount is the sum of its items and the sum of its tenders.
//! - A refund remembers when its order was paid, so that it is subtracted from the day of the sale.
//!
//! ```
//! use jangteo_refund::{PlanRefusal, RefundMethod, RefundableLine, RefundablePayment, RequestedItem, RequestedRefund, Share};
//! use jangteo_shared_kernel::{Currency, Money, Quantity, Timestamp};
//!
//! let line = "01900000-0000-7000-8000-000000000001".parse()?;
//! let mut payment = RefundablePayment {
//!     payment: "01900000-0000-7000-8000-000000000002".parse()?,
//!     order: "01900000-0000-7000-8000-000000000003".parse()?,
//!     user: "01900000-0000-7000-8000-000000000004".parse()?,
//!     paid_at: "2026-11-22T00:00:00Z".parse()?,
//!     currency: Currency::KRW,
//!     lines: vec![RefundableLine {
//!         line,
//!         product: "01900000-0000-7000-8000-000000000005".parse()?,
//!         quantity: Quantity::new(3)?,
//!         refunded: Quantity::ZERO,
//!         shares: vec![Share { method: RefundMethod::Point, amount: Money::new(10_000, Currency::KRW) }],
//!     }],
//! };
//! // Three units for 10,000, one after the other.
//! let one = RequestedRefund::these(vec![RequestedItem { line, quantity: Quantity::ONE, restock: true }])?;
//! let mut amounts = Vec::new();
//! for refunded in 0..3 {
//!     payment.lines[0].refunded = Quantity::new(refunded)?;
//!     amounts.push(payment.plan(&one)?.amount.amount());
//! }
//! assert_eq!(amounts, [3_333, 3_333, 3_334]);
//!
//! payment.lines[0].refunded = Quantity::new(3)?;
//! assert_eq!(payment.plan(&RequestedRefund::Everything), Err(PlanRefusal::ExceedsPaid));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![deny(missing_docs)]

mod plan;
mod reason;
mod refund;
mod refundable;
mod repository;
mod request;

pub use plan::{PlanRefusal, RefundItem, RefundPlan};
pub use reason::{InvalidReason, RefundReason};
pub use refund::Refund;
pub use refundable::{RefundMethod, RefundableLine, RefundablePayment, Share};
pub use repository::{RefundPosition, RefundQueries, RefundRepository};
pub use request::{InvalidRequest, RequestedItem, RequestedRefund};
