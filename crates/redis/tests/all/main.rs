//! The gate on a real Redis, and beside it the one in the process.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets what it did not expect stops there, in its helpers too"
)]

mod contract;
mod in_process;
mod loss;
mod sharing;
mod shop;
