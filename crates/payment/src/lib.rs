//! The payment context: an append-only history, its tenders, and what each line was paid with.
//!
//! # Language
//! A [`Payment`] settles one order in full with one or more *tenders* ([`Tender`]): points, card, or both, at most one
//! a method. What happened to it is a sequence of [`PaymentEvent`]s that are only ever added (ADR-015); its
//! [`PaymentStatus`] is a fold over them. What a tender paid for each line is its *shares*, from which refunds are
//! computed later, never from live prices.
//!
//! # Invariants
//! - The tenders add up to exactly the order's total; the order owns that amount (ADR-005).
//! - An order has at most one payment that settles it. The database holds that too: `settles_order_id` is unique.
//! - `refunded ≤ captured`, in the fold and as a CHECK of the summary row; `refunded ≤ amount` for each tender.
//! - Whether a payment was given back in part or in full follows the order's units, never money ([`GivingBack`]).
//! - Per tender, the shares add up to the tender; per line, over all tenders, to what the line costs.
//!
//! ```
//! use jangteo_payment::{PayableOrder, Payment, PaymentStatus, RequestedTenders};
//! use jangteo_shared_kernel::{Currency, Money, Timestamp};
//!
//! let now: Timestamp = "2026-11-22T00:00:00Z".parse()?;
//! let krw = |amount| Money::new(amount, Currency::KRW);
//! let order = PayableOrder {
//!     order: "01900000-0000-7000-8000-000000000001".parse()?,
//!     user: "01900000-0000-7000-8000-000000000002".parse()?,
//!     total: krw(24_000),
//!     lines: vec![("01900000-0000-7000-8000-000000000003".parse()?, krw(24_000))],
//! };
//! let id = "01900000-0000-7000-8000-000000000004".parse()?;
//! let payment = Payment::settle(id, &order, &RequestedTenders::AllPoints, now)?;
//! assert_eq!(payment.status(), PaymentStatus::Completed);
//! assert_eq!(payment.captured(), krw(24_000));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![deny(missing_docs)]

mod giving_back;
mod history;
mod payment;
mod repository;
mod tender;

pub use giving_back::{GiveBackRefusal, GivingBack};
pub use history::{PaymentEvent, PaymentEventKind, PaymentStatus};
pub use payment::{PayableOrder, Payment, SettleRefusal};
pub use repository::{PaymentQueries, PaymentRepository, Payments};
pub use tender::{InvalidTenders, RequestedTender, RequestedTenders, Tender, TenderMethod, TenderShare};
