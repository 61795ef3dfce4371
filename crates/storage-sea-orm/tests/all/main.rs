//! The storage on a database of its own for each test: most on a file, and what depends on the engine on servers too.
//!
//! The servers are started from the binaries of this machine, one of each kind for all tests, and end with them.
#![expect(clippy::unwrap_used, reason = "this is a test: what it did not expect ends it")]

mod audit;
mod conformance;
mod errors;
mod key_rotation;
mod lists;
mod personal_data;
mod placing;
mod relay;
mod replicas;
mod round_trips;
mod sales;
mod schema;
mod servers;
mod statements;
mod story;
mod support;
mod transactions;
