//! The shared kernel: the few things that every bounded context of Jangteo means in the same way.
//!
//! - **Values**: [`Money`] in minor units with checked arithmetic, [`Quantity`], [`BasisPoints`], and
//!   [`allocate`], which shares an amount out without losing or inventing one minor unit.
//! - **Identity**: typed UUIDv7 ids ([`Id`], [`OrderId`], …); contexts refer to each other by id only
//!   (ADR-011, ADR-013).
//! - **Time**: [`Timestamp`] in UTC with whole milliseconds, and [`BusinessZone`] for days, ISO weeks and months.
//! - **Ports for the outside**: [`Clock`] and [`Entropy`]. Nothing in a domain crate reads the clock or a
//!   random source by itself.
//! - **Transactions**: [`UnitOfWork`], [`Transaction`], [`atomically`], [`retrying`] and the three kinds of
//!   [`StorageError`] (ADR-016, ADR-024).
//!
//! No I/O happens here.
//!
//! ```
//! use jangteo_shared_kernel::{Currency, Money, Quantity, allocate};
//!
//! let price = Money::new(12_000, Currency::KRW);
//! let gross = price.times(Quantity::new(3)?)?;
//! assert_eq!(gross, Money::new(36_000, Currency::KRW));
//!
//! // 1,000 won off, shared over lines of 6,000 / 4,000 / 1.
//! let krw = |amount| Money::new(amount, Currency::KRW);
//! let shares = allocate(krw(1_000), &[krw(6_000), krw(4_000), krw(1)])?;
//! assert_eq!(shares, [krw(600), krw(400), krw(0)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![deny(missing_docs)]

mod allocate;
mod basis_points;
mod id;
mod money;
mod paging;
mod quantity;
mod retrying;
mod sources;
mod storage_error;
mod transaction;
mod zone;

pub use allocate::{AllocationError, allocate};
pub use basis_points::{BasisPoints, InvalidBasisPoints};
pub use id::{
    CouponId, EventId, Id, InvalidId, IssuedCouponId, OrderId, OrderLineId, PaymentId, PointHistoryId,
    PointLotId, ProductId, RefreshFamilyId, RefundId, StockAdjustmentId, UserId, kind,
};
pub use money::{Currency, InvalidCurrency, Money, MoneyError};
pub use paging::{InvalidLimit, Limit, Page, PageRequest};
pub use quantity::{InvalidQuantity, Quantity};
pub use retrying::{MAX_ATTEMPTS, retrying};
pub use sources::{Clock, Entropy, Timestamp, whole_milliseconds};
pub use storage_error::{Cause, StorageError};
pub use transaction::{Transaction, UnitOfWork, atomically};
pub use zone::{BusinessZone, UnknownZone, Window};
