//! What the instances of a shop share in Redis, and may lose at any moment (ADR-022).
//!
//! Every fact is in the database. What is here makes it cheaper to answer, and each use has an implementation in the
//! process for a shop without Redis. A use goes on without Redis while it is away ([`Redis`]), and needs nobody to tell it
//! when it is back.
//!
//! ```
//! use std::num::NonZeroU32;
//! use std::time::Duration;
//!
//! use jangteo_application::{Counted, Counters, Quota};
//! use jangteo_redis::{Redis, RedisCounters};
//! # struct Noon;
//! # impl jangteo_shared_kernel::Clock for Noon {
//! #     fn now(&self) -> jangteo_shared_kernel::Timestamp { jangteo_shared_kernel::Timestamp::UNIX_EPOCH }
//! # }
//! # struct Sevens;
//! # impl jangteo_shared_kernel::Entropy for Sevens {
//! #     fn fill(&self, bytes: &mut [u8]) { bytes.fill(7) }
//! # }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let sources = jangteo_application::Sources::new(std::sync::Arc::new(Noon), std::sync::Arc::new(Sevens));
//! // Nobody is there, and nobody has to be: until somebody is, this instance counts for itself.
//! let redis = Redis::open(&"redis://127.0.0.1:1".parse()?)?;
//! let counters = RedisCounters::new(redis.clone(), sources);
//! let quota = Quota {
//!     free: NonZeroU32::MIN,
//!     window: Duration::from_mins(15),
//!     first_pause: Duration::from_secs(30),
//!     longest_pause: Duration::from_mins(15),
//! };
//! assert_eq!(counters.count("log-in:7f3a", &quota).await, Counted::Passed);
//! assert_eq!(counters.count("log-in:7f3a", &quota).await, Counted::Paused(Duration::from_secs(30)));
//! assert!(!redis.answers());
//! # Ok(())
//! # }
//! ```
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
