//! What the instances of a shop share in Redis, and may lose at any moment (ADR-022).
//!
//! Every fact is in the database. What is here makes it cheaper to answer, and each use has an implementation in the
//! process for a shop without Redis. A use goes on without Redis while it is away ([`Redis`]), and needs nobody to tell it
//! when it is back.
#![deny(missing_docs)]

mod address;
mod connection;
mod gate;
mod gate_script;
mod lane;

pub use address::{InvalidRedisAddress, RedisAddress};
pub use connection::Redis;
pub use gate::{RedisGate, RedisPass};
