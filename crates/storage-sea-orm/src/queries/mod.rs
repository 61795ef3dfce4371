//! What reads outside transactions: the queries' traits of each context, on the storage.
//!
//! Lists are keyset pages, each a range of an index (ADR-014). What hangs on the rows of a page comes by one further
//! statement, whatever the number of rows. Reads that have to fit together share one snapshot.

mod coupons;
mod idempotency;
pub(crate) mod keyset;
mod orders;
mod outbox;
mod payments;
mod points;
mod popular;
mod products;
mod refunds;
mod sealed_accounts;
mod users;
