//! One suite that every storage of Jangteo must pass, and what tests are made with.
//!
//! The traits of the contexts say in words what a storage must do; here each of those sentences is a [`Case`]. A storage
//! plugs in with one test:
//!
//! ```
//! use jangteo_storage_conformance::{Storage, check_all};
//!
//! // #[tokio::test(flavor = "multi_thread")]
//! async fn keeps_the_contracts<MyStorage: Storage + Default>() {
//!     check_all(async || MyStorage::default()).await;
//! }
//! ```
//!
//! Each case runs on an empty storage of its own. All run, and the failures are named at the end;
//! `JANGTEO_CONFORMANCE_ONLY=points::` runs those with that in their name.
//!
//! [`check_model`] then runs a whole shop on it, under random sequences of everything that can happen.
//!
//! Besides the suite there are [`fixtures`], a clock that a test moves ([`FixedClock`]) and entropy that a seed decides
//! ([`SeededEntropy`]), for the tests of every crate:
//!
//! ```
//! use jangteo_product::Product;
//! use jangteo_storage_conformance::Fixtures;
//! use jangteo_storage_conformance::fixtures::units;
//!
//! let fixtures = Fixtures::seeded(7);
//! let product = Product { stock: units(10), ..fixtures.product() };
//! assert_eq!(product.created_at, fixtures.now());
//! ```
#![deny(missing_docs)]
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "this is a test: what it did not expect ends it"
)]

mod cases;
pub mod fixtures;
mod model;
mod prelude;
mod sources;
mod storage;
mod suite;
mod support;

pub use fixtures::Fixtures;
pub use model::check_model;
pub use sources::{FixedClock, SeededEntropy};
pub use storage::{Repositories, Storage};
pub use suite::{Case, check_all, suite};
