//! What the instances of a shop share in Redis, and may lose at any moment (ADR-022).
//!
//! Every fact is in the database. What is here makes it cheaper to answer, and each use has an implementation in the
//! process for a shop without Redis. A use goes on without Redis while it is away ([`Redis`]), and needs nobody to tell it
//! when it is back.
#![deny(missing_docs)]

mod address;
mod allowances;
mod answers;
mod connection;
mod counters;
mod gate;
mod gate_script;
mod lane;
mod messages;

use std::time::Duration;

pub use address::{InvalidRedisAddress, RedisAddress};
pub use allowances::RedisAllowances;
pub use answers::RedisAnswers;
pub use connection::Redis;
pub use counters::RedisCounters;
pub use gate::{RedisGate, RedisPass};

/// A span as Redis counts it.
fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
