//! Time and chance, which come from outside.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// An instant in UTC. Every [`Clock`] gives whole milliseconds, and so every storage keeps it exactly.
pub type Timestamp = DateTime<Utc>;

/// Where the time comes from. Use cases read it; domain crates are told.
pub trait Clock: Send + Sync {
    /// The present, in whole milliseconds.
    fn now(&self) -> Timestamp;
}

/// Where ids, salts and tokens get their randomness.
///
/// An implementation for production MUST be cryptographically secure: refresh tokens are made from it.
pub trait Entropy: Send + Sync {
    /// Fills all of `bytes` with random ones.
    fn fill(&self, bytes: &mut [u8]);
}

/// The instant without the part below a millisecond.
#[must_use]
pub fn whole_milliseconds(instant: Timestamp) -> Timestamp {
    instant.duration_trunc(TimeDelta::milliseconds(1)).unwrap_or(instant)
}
