//! The counters of a shop without Redis.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use jangteo_shared_kernel::Timestamp;

use crate::two_generations::TwoGenerations;
use crate::{Counted, Counters, Quota, Sources};

/// How many names are remembered at least, and half of how many at most.
const NAMES: usize = 50_000;

/// Counts in one process (ADR-022). Of the latest 50,000 names none is forgotten before its time.
pub struct InProcessCounters {
    sources: Sources,
    counts: Mutex<TwoGenerations<String, Count>>,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    times: u32,
    begun: Timestamp,
    window: TimeDelta,
    paused_at: Timestamp,
    pause: TimeDelta,
}

impl InProcessCounters {
    /// Nothing is counted yet.
    #[must_use]
    pub fn new(sources: Sources) -> Self {
        Self { sources, counts: Mutex::new(TwoGenerations::new(NAMES)) }
    }

    fn counts(&self) -> MutexGuard<'_, TwoGenerations<String, Count>> {
        // Nothing panics while it is held, so a poisoned map is a whole one.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is left of a span at `now`. A clock that was set back makes nothing last for longer than it would anew.
fn left(begun: Timestamp, span: TimeDelta, now: Timestamp) -> Option<TimeDelta> {
    let left = span - (now - begun).max(TimeDelta::zero());
    (left > TimeDelta::zero()).then_some(left)
}

fn delta(span: Duration) -> TimeDelta {
    TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX)
}

impl Count {
    fn begin(now: Timestamp, quota: &Quota) -> Self {
        let pause = TimeDelta::zero();
        Self { times: 0, begun: now, window: delta(quota.window), paused_at: now, pause }
    }
}

impl Counters for InProcessCounters {
    async fn count(&self, name: &str, quota: &Quota) -> Counted {
        let now = self.sources.now();
        let mut counts = self.counts();
        let mut count = counts.get(name).copied().unwrap_or_else(|| Count::begin(now, quota));
        if let Some(left) = left(count.paused_at, count.pause, now) {
            return Counted::Paused(left.to_std().unwrap_or_default());
        }
        if left(count.begun, count.window, now).is_none() {
            count = Count::begin(now, quota);
        }
        count.times = count.times.saturating_add(1);
        (count.paused_at, count.pause) = (now, delta(quota.pause_after(count.times)));
        counts.insert(name.to_owned(), count);
        Counted::Passed
    }

    async fn take_back(&self, name: &str) {
        let mut counts = self.counts();
        let Some(mut count) = counts.get(name).copied() else { return };
        count.times = count.times.saturating_sub(1);
        count.pause = TimeDelta::zero();
        counts.insert(name.to_owned(), count);
    }

    async fn forget(&self, name: &str) {
        self.counts().remove(name);
    }
}

impl fmt::Debug for InProcessCounters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcessCounters").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::num::NonZeroU32;
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Poll, Waker};

    use jangteo_shared_kernel::{Clock, Entropy};
    use proptest::prelude::*;

    use super::*;

    #[derive(Default)]
    struct Hands(Mutex<Timestamp>);

    impl Hands {
        fn turn(&self, by: TimeDelta) {
            *self.0.lock().unwrap() += by;
        }
    }

    impl Clock for Hands {
        fn now(&self) -> Timestamp {
            *self.0.lock().unwrap()
        }
    }

    struct NoChance;

    impl Entropy for NoChance {
        fn fill(&self, _: &mut [u8]) {
            panic!("counters draw nothing");
        }
    }

    fn counters() -> (InProcessCounters, Arc<Hands>) {
        let clock = Arc::new(Hands::default());
        (InProcessCounters::new(Sources::new(Arc::clone(&clock) as _, Arc::new(NoChance))), clock)
    }

    fn quota(free: u32, window: u64, first: u64, longest: u64) -> Quota {
        let [window, first_pause, longest_pause] = [window, first, longest].map(Duration::from_secs);
        Quota { free: NonZeroU32::new(free).unwrap(), window, first_pause, longest_pause }
    }

    /// Counting in the process never waits.
    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("it waits"),
        }
    }

    fn paused(seconds: u64) -> Counted {
        Counted::Paused(Duration::from_secs(seconds))
    }

    #[test]
    fn pauses_grow_until_the_window_has_passed() {
        let (counters, clock) = counters();
        let quota = quota(2, 100, 10, 30);
        let count = || now(counters.count("a", &quota));
        assert_eq!([count(), count(), count()], [Counted::Passed, Counted::Passed, paused(10)]);
        for (wait, next) in [(10, 20), (20, 30), (30, 30)] {
            clock.turn(TimeDelta::seconds(wait));
            assert_eq!([count(), count()], [Counted::Passed, paused(next)]);
        }
        // 60 seconds have gone. The pause ends at 90, the window at 100.
        clock.turn(TimeDelta::seconds(30));
        assert_eq!([count(), count()], [Counted::Passed, paused(30)]);
        // The pause outlasts the window, and is waited for.
        clock.turn(TimeDelta::seconds(29));
        assert_eq!(count(), paused(1));
        clock.turn(TimeDelta::seconds(1));
        assert_eq!([count(), count(), count()], [Counted::Passed, Counted::Passed, paused(10)]);
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_nobody_away_for_longer() {
        let (counters, clock) = counters();
        let quota = quota(1, 100, 10, 10);
        assert_eq!(now(counters.count("a", &quota)), Counted::Passed);
        clock.turn(TimeDelta::hours(-1));
        assert_eq!(now(counters.count("a", &quota)), paused(10));
    }

    #[test]
    fn a_million_names_take_no_more_memory_than_a_hundred_thousand() {
        let (counters, _) = counters();
        let quota = quota(1, 1_000, 1_000, 1_000);
        for n in 0..1_000_000 {
            assert_eq!(now(counters.count(&format!("{n}"), &quota)), Counted::Passed);
        }
        assert!(counters.counts().len() <= 2 * NAMES);
        assert_eq!(now(counters.count("999999", &quota)), paused(1_000));
        assert_eq!(now(counters.count("950001", &quota)), paused(1_000));
    }

    proptest! {
        /// Whoever tries as often as possible gets through at most so often, and is never kept away for good.
        #[test]
        fn whoever_waits_as_told_passes_and_nobody_passes_too_often(
            (free, window, first, longest) in (1_u32..20, 1_u64..1_000, 1_u64..100, 1_u64..200),
            steps in prop::collection::vec((0_i64..40, any::<bool>()), 1..300),
        ) {
            let (counters, clock) = counters();
            let quota = quota(free, window, first, longest);
            let mut passes = Vec::new();
            for (wait, patient) in steps {
                clock.turn(TimeDelta::seconds(wait));
                match now(counters.count("a", &quota)) {
                    Counted::Passed => passes.push(clock.now()),
                    Counted::Paused(left) => {
                        prop_assert!(!left.is_zero() && left <= quota.longest_pause);
                        if patient {
                            clock.turn(TimeDelta::from_std(left).unwrap());
                            prop_assert_eq!(now(counters.count("a", &quota)), Counted::Passed);
                            passes.push(clock.now());
                        }
                    }
                }
            }
            // The free ones at once, then one after each pause that ends within the window.
            let mut ends = Duration::ZERO;
            let most = (free..free + 1_001).find(|count| {
                ends += quota.pause_after(*count);
                ends >= quota.window
            });
            // Any stretch as long as a window lies in two of them at most.
            let most = 2 * usize::try_from(most.unwrap()).unwrap();
            for (index, begin) in passes.iter().enumerate() {
                let within = passes[index..].iter().take_while(|pass| **pass - *begin < delta(quota.window)).count();
                prop_assert!(within <= most, "{within} of {most}");
            }
        }
    }
}
