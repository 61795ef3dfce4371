//! The meter of one route: how many requests by class of status, and how long they took.
//!
//! A request costs two additions. The histogram of `prometheus-client` is behind a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::http::StatusCode;

/// Classes of status, as they are shown.
pub(super) const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// Spans of time, each twice as long as the one before: to 0.5 ms, to 1 ms … to 8.192 s, and longer.
const SPANS: usize = 16;

/// The end of the first, in microseconds.
const FIRST_END: u64 = 500;

/// The requests of one route.
#[derive(Debug)]
pub(super) struct RouteMeter {
    counts: [[AtomicU64; SPANS]; CLASSES.len()],
    /// What all of them took together.
    microseconds: AtomicU64,
}

impl RouteMeter {
    /// Nothing is counted yet.
    pub(super) const fn new() -> Self {
        Self {
            counts: [const { [const { AtomicU64::new(0) }; SPANS] }; CLASSES.len()],
            microseconds: AtomicU64::new(0),
        }
    }

    /// Counts a request that was answered so after so long.
    pub(super) fn count(&self, status: StatusCode, time: Duration) {
        let microseconds = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.counts[class(status)][span(microseconds)].fetch_add(1, Ordering::Relaxed);
        self.microseconds.fetch_add(microseconds, Ordering::Relaxed);
    }

    /// How many there were, by class.
    pub(super) fn by_class(&self) -> [u64; CLASSES.len()] {
        self.counts.each_ref().map(|spans| spans.iter().map(|count| count.load(Ordering::Relaxed)).sum())
    }

    /// How many there were, by time: the end of each span in seconds, and how many are in it.
    pub(super) fn by_time(&self) -> [(f64, u64); SPANS] {
        std::array::from_fn(|span| {
            let count = self.counts.iter().map(|spans| spans[span].load(Ordering::Relaxed)).sum();
            // The format knows the last by this.
            let end = if span + 1 == SPANS { f64::MAX } else { seconds(FIRST_END << span) };
            (end, count)
        })
    }

    /// How long all of them took together, in seconds.
    pub(super) fn time(&self) -> f64 {
        seconds(self.microseconds.load(Ordering::Relaxed))
    }
}

fn class(status: StatusCode) -> usize {
    match status.as_u16() {
        ..300 => 0,
        300..400 => 1,
        400..500 => 2,
        500.. => 3,
    }
}

fn span(microseconds: u64) -> usize {
    let halvings = u64::BITS - (microseconds.saturating_sub(1) / FIRST_END).leading_zeros();
    usize::try_from(halvings).unwrap_or(SPANS).min(SPANS - 1)
}

fn seconds(microseconds: u64) -> f64 {
    Duration::from_micros(microseconds).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each time is in the first span whose end it does not exceed, as the format has it.
    #[test]
    fn a_time_is_in_the_span_that_ends_with_it_or_next() {
        let meter = RouteMeter::new();
        let ends = meter.by_time().map(|(end, _)| end);
        for microseconds in [0, 1, 499, 500, 501, 1_000, 1_001, 4_095, 8_192_000, 8_192_001, u64::MAX] {
            let expected = ends.iter().position(|end| seconds(microseconds) <= *end).unwrap();
            assert_eq!(span(microseconds), expected, "{microseconds}");
        }
        assert!(ends.is_sorted());
    }

    #[test]
    fn requests_are_counted_by_class_and_by_time() {
        let meter = RouteMeter::new();
        for (status, milliseconds) in [(200, 0), (201, 1), (304, 3), (409, 3), (429, 20_000), (503, 3)] {
            meter.count(StatusCode::from_u16(status).unwrap(), Duration::from_millis(milliseconds));
        }
        assert_eq!(meter.by_class(), [2, 1, 2, 1]);
        let counts = meter.by_time().map(|(_, count)| count);
        assert_eq!(counts, [1, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert!((meter.time() - 20.01).abs() < 1e-9, "{}", meter.time());
    }
}
