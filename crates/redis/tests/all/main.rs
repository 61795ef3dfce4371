//! The gate, answers and counters on a real Redis, and beside them those in the process.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets what it did not expect stops there, in its helpers too"
)]

mod allowances;
mod contract;
mod counters;
mod in_process;
mod loss;
mod shared_answers;
mod sharing;
mod shop;
