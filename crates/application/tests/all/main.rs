//! The use cases against the storage in memory, which has real transactions, real locks and real lost races.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets what it did not expect stops there"
)]

mod accounts;
mod allocations;
mod catalogue;
mod coupons;
mod expiry;
mod gated_claims;
mod groups;
mod orders;
mod payments;
mod points;
mod ranking;
mod rate_limits;
mod refunds;
mod relay;
mod relay_chaos;
mod sets;
mod shop;
mod throttling;
mod told;
