//! Time and chance that a test decides on.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta};
use jangteo_shared_kernel::{Clock, Entropy, Timestamp, whole_milliseconds};

/// A clock that stands still until a test moves it. A clone is another handle of the same clock.
#[derive(Debug, Clone)]
pub struct FixedClock(Arc<AtomicI64>);

impl FixedClock {
    /// A clock that stands at this instant, cut to whole milliseconds.
    #[must_use]
    pub fn at(instant: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(instant.timestamp_millis())))
    }

    /// Moves the clock to an instant, forth or back.
    pub fn set(&self, instant: Timestamp) {
        self.0.store(instant.timestamp_millis(), Ordering::SeqCst);
    }

    /// Moves the clock by a difference, forth or back.
    pub fn advance(&self, by: TimeDelta) {
        self.0.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
    }
}

impl Default for FixedClock {
    /// A clock that stands at noon of the 22nd of November 2026 in Seoul, and 123 milliseconds.
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(1_795_316_400_123)))
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        let instant = DateTime::from_timestamp_millis(self.0.load(Ordering::SeqCst));
        whole_milliseconds(instant.expect("the clock was set to an instant"))
    }
}

/// Entropy that a seed decides. It prints its seed, which the test runner shows when a test fails. A clone is another
/// handle of the same sequence.
///
/// It is fit for tests only: whoever sees one id can tell the next.
#[derive(Clone)]
pub struct SeededEntropy(Arc<AtomicU64>);

impl SeededEntropy {
    /// The variable that [`SeededEntropy::fresh`] takes its seed from.
    pub const SEED_VARIABLE: &'static str = "JANGTEO_TEST_SEED";

    /// Entropy that is the same in each run.
    #[must_use]
    #[expect(clippy::print_stdout, reason = "a failing test shows the seed that it ran with")]
    pub fn seeded(seed: u64) -> Self {
        println!("entropy of a test: {}={seed}", Self::SEED_VARIABLE);
        Self::of(seed)
    }

    /// Entropy that is always the same and needs no telling.
    pub(crate) fn of(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed)))
    }

    /// Entropy that is another in each run, unless the environment says which.
    #[must_use]
    pub fn fresh() -> Self {
        let told = std::env::var(Self::SEED_VARIABLE).ok();
        Self::seeded(match told {
            Some(seed) => seed.parse().expect("the seed is a number of 64 bits"),
            None => RandomState::new().hash_one(0),
        })
    }

    /// The next 64 bits (`SplitMix64`), of which many tasks can draw at once.
    #[must_use]
    pub fn number(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut mixed = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.number().to_le_bytes()[..chunk.len()]);
        }
    }
}

impl fmt::Debug for SeededEntropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeededEntropy")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_stands_until_it_is_moved() {
        let clock = FixedClock::default();
        assert_eq!(clock.now().to_rfc3339(), "2026-11-22T03:00:00.123+00:00");
        let other = clock.clone();
        other.advance(TimeDelta::milliseconds(7));
        assert_eq!(clock.now().timestamp_subsec_millis(), 130);
        clock.set(Timestamp::UNIX_EPOCH);
        assert_eq!(other.now(), Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn a_seed_decides_every_byte() {
        let draw = |seed| {
            let mut bytes = [0; 21];
            SeededEntropy::seeded(seed).fill(&mut bytes);
            bytes
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert!(draw(1).iter().any(|byte| *byte != 0));
    }
}
