//! What writes: the repository traits of each context, on the open transaction.
//!
//! Each module declares its set-wise statements as statics, locks with one statement a table, and saves with one
//! statement a table. Turning rows into aggregates and back is in [`crate::rows`], which the queries share.

mod coupons;
pub(crate) mod idempotency;
mod leases;
mod orders;
mod outbox;
mod payments;
mod points;
mod products;
mod refresh_families;
mod refunds;
mod sales;
mod users;

pub(crate) use coupons::{COUNT_CLAIMS, PRODUCTS_OF};
pub(crate) use orders::LINES_OF;
pub(crate) use points::OPEN_LOTS_OF;
