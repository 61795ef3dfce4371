//! The ranking context: which products sell (ADR-033).
//!
//! # Language
//! A [`Sale`] says that units of a product were sold, or taken back if it is negative. It is *uncounted* until a batch
//! has added it to the [`DailySales`] of its day: the *roll-up* of one product on one business day. A ranking is read for
//! a [`RankingWindow`], which is a [`RankingPeriod`] of days once it is known what day it is; what a product sold on
//! those days is its [`ProductSales`], and that decides its place.
//!
//! # Invariants
//! - A sale belongs to the business day on which its order was paid. So does what a refund takes back of it, however much
//!   later.
//! - Every sale is counted once: it is added to a roll-up in the transaction that takes it away from the uncounted.
//! - So a roll-up is what the orders and refunds of its day say, less what is still uncounted. A day that is computed anew
//!   from these comes out the same.
//! - A roll-up of nothing (no units and no revenue) is no roll-up.
//! - Places follow net units, then net revenue, then the product's id: no two products tie. Without net units there is no
//!   place.
//! - Amounts of one ranking are of one currency.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use jangteo_ranking::{DailySales, RankingWindow, Sale};
//! use jangteo_shared_kernel::{BusinessZone, Currency, Money, Timestamp};
//!
//! let zone = BusinessZone::SEOUL;
//! let paid_at: Timestamp = "2026-11-22T14:59:59.999Z".parse()?; // a millisecond before midnight on a Sunday in Seoul
//! let sold = Sale {
//!     id: "01900000-0000-7000-8000-000000000001".parse()?,
//!     noted_at: paid_at,
//!     product: "01900000-0000-7000-8000-000000000002".parse()?,
//!     units: 3,
//!     revenue: Money::new(36_000, Currency::KRW),
//!     sold_at: paid_at,
//! };
//! // A week later one of them comes back.
//! let taken_back = Sale {
//!     noted_at: paid_at + chrono::TimeDelta::days(7),
//!     units: -1,
//!     revenue: Money::new(-12_000, Currency::KRW),
//!     ..sold
//! };
//! let mut counted = BTreeMap::new();
//! for sale in [sold, taken_back] {
//!     let key = sale.key(zone);
//!     counted.entry(key).or_insert(DailySales::of_nothing(key)).count(&sale)?;
//! }
//! let sunday = counted.into_values().next().unwrap();
//! assert_eq!((sunday.day.to_string().as_str(), sunday.units), ("2026-11-22", 2));
//!
//! let monday = zone.day_of(paid_at + chrono::TimeDelta::milliseconds(1));
//! let last_week = RankingWindow::Week(sunday.day).period(monday, zone).unwrap();
//! assert!(last_week.days.contains(&sunday.day) && !last_week.days.contains(&monday));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![deny(missing_docs)]

mod daily;
mod product;
mod repository;
mod sale;
mod window;

pub use daily::{DailySales, RollUps, SalesKey};
pub use product::ProductSales;
pub use repository::SalesRepository;
pub use sale::{Sale, SaleId, SaleKind};
pub use window::{RankingPeriod, RankingWindow};
