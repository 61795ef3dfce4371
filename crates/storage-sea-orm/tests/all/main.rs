//! The storage on a database file of its own for each test.
#![expect(clippy::unwrap_used, reason = "this is a test: what it did not expect ends it")]

mod audit;
mod conformance;
mod errors;
mod lists;
mod personal_data;
mod placing;
mod relay;
mod round_trips;
mod sales;
mod schema;
mod statements;
mod story;
mod support;
mod transactions;
