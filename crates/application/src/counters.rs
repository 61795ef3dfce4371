//! Counting what may happen only so often.

use std::num::NonZeroU32;
use std::time::Duration;

/// How often something may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How often it may within a window before there are pauses.
    pub free: NonZeroU32,
    /// How long a window is. It begins with the first time; when it has passed, counting begins anew.
    pub window: Duration,
    /// The pause that follows the last free time. After each pause it may happen once more, and the next pause is twice
    /// as long. A quota that is one pause to the end of the window has this and the longest pause as long as the window.
    pub first_pause: Duration,
    /// The longest pause, and so the longest that anybody is kept away without trying again.
    pub longest_pause: Duration,
}

impl Quota {
    /// The pause after it has happened so often within a window.
    #[must_use]
    pub fn pause_after(&self, count: u32) -> Duration {
        match count.checked_sub(self.free.get()) {
            None => Duration::ZERO,
            Some(beyond) => {
                let factor = 1_u32.checked_shl(beyond).unwrap_or(u32::MAX);
                self.first_pause.saturating_mul(factor).min(self.longest_pause)
            }
        }
    }
}

/// Whether something may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// It may, and is counted.
    Passed,
    /// It may not, and is not counted: there is a pause for so long yet.
    Paused(Duration),
}

/// Counts by name what may happen only so often: failed log-ins, requests of a client (ADR-036).
///
/// It is counted *before* it happens, so that many at the same time cannot all slip through, and taken back if it did
/// not matter. What is counted may be lost at any moment, and then more happens than should; a caller does without
/// anything worse. An implementation
/// - MUST count and decide in one step: of any number at the same time, no more pass than the quota says;
/// - MUST NOT fail or wait for long: whoever cannot reach its memory counts in the process;
/// - MUST stay within bounds, whatever the number of names, and forget a name when its window and its pause are over.
///
/// Names are made by the caller, begin with their kind, and MUST NOT tell who or what they stand for.
pub trait Counters: Send + Sync {
    /// Counts under this name, unless there is a pause. One name has one quota.
    fn count(&self, name: &str, quota: &Quota) -> impl Future<Output = Counted> + Send;

    /// Takes back what was counted once, and ends the pause: it did not matter.
    fn take_back(&self, name: &str) -> impl Future<Output = ()> + Send;

    /// Forgets the name with all that was counted.
    fn forget(&self, name: &str) -> impl Future<Output = ()> + Send;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let quota = Quota {
            free: NonZeroU32::new(3).unwrap(),
            window: Duration::from_mins(15),
            first_pause: Duration::from_secs(30),
            longest_pause: Duration::from_secs(200),
        };
        let pauses = [0, 1, 2, 3, 4, 5, 6, 100, u32::MAX].map(|count| quota.pause_after(count).as_secs());
        assert_eq!(pauses, [0, 0, 0, 30, 60, 120, 200, 200, 200]);
    }
}
