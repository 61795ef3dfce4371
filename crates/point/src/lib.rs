//! The point context: cash-like points in one account a user (ADR-007).
//!
//! # Language
//! A [`PointAccount`] holds *lots* ([`PointLot`]): points that came in together and expire together. A *charge* adds a
//! CHARGED lot, an operator's *grant* a BONUS lot. Every change is a [`PointEntry`] of the history, which names the
//! lots that it moved (ADR-026). What a payment took is its [`PointSpending`], of which refunds *give back*.
//!
//! # Invariants
//! - Balance = Σ of what remains in the lots = Σ of the history, always, and never below zero.
//! - Spending takes the lot that expires first, then BONUS before CHARGED, then the older. Lots that never expire come
//!   last.
//! - An expired lot cannot be spent, whether or not anybody has written that it expired.
//! - Giving back fills the lots that were spent from, in reverse order, and never above what they started with. In the
//!   place of one that has expired comes a new lot of the same kind, of 30 days.
//! - The balance limit binds charges and grants, never refunds.
//! - An account is decided on under its lock only, so two requests at once never overdraw it (ADR-020).
//!
//! ```
//! use jangteo_point::{ChargeRefusal, PointAccount, PointLimits, SpendRefusal};
//! use jangteo_shared_kernel::{Currency, Money, Timestamp};
//!
//! let now: Timestamp = "2026-11-22T00:00:00Z".parse()?;
//! let krw = |amount| Money::new(amount, Currency::KRW);
//! let user = "01900000-0000-7000-8000-000000000001".parse()?;
//! let (entry, lot) = ("01900000-0000-7000-8000-000000000002".parse()?, "01900000-0000-7000-8000-000000000003".parse()?);
//!
//! let mut account = PointAccount::open(user, Currency::KRW);
//! let limits = PointLimits::default();
//! assert!(matches!(account.charge(entry, lot, krw(999), None, &limits, now), Err(ChargeRefusal::AmountOutOfRange { .. })));
//! account.charge(entry, lot, krw(50_000), None, &limits, now)?;
//! assert_eq!(account.check_spendable(krw(60_000), now), Err(SpendRefusal { available: krw(50_000) }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![deny(missing_docs)]

mod account;
mod expiry;
mod giving_back;
mod incoming;
mod lot;
mod repository;
mod spending;
#[cfg(test)]
mod testing;

pub use account::{LotMovement, PointAccount, PointEntry, PointEntryKind};
pub use giving_back::{GiveBackRefusal, PointSpending, TakenFromLot};
pub use incoming::{ChargeRefusal, GrantRefusal, PointLimits};
pub use lot::{PointLot, PointLotKind};
pub use repository::{PointAccounts, PointPosition, PointQueries, PointRepository, PointSpendings};
pub use spending::SpendRefusal;
