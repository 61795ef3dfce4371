//! How a load goes on: slice by slice, so that what grows slowly can be seen.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::time::sleep;

use super::tally::Tally;
use crate::usage::Watched;

/// How often a load tells that it goes on, unless told.
const SLICE: Duration = Duration::from_secs(2);

/// How long a load runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
    /// How long a slice of what is measured is.
    slice: Duration,
    /// What is done, where two loads tell at the same time.
    what: &'static str,
}

/// A slice of what was measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slice {
    /// When it ended, from the beginning of what is measured.
    pub(crate) until: Duration,
    pub(crate) done: u64,
    /// In milliseconds, of what was done in it.
    pub(crate) p99: f64,
    /// The memory of the server at its end, in bytes.
    pub(crate) resident: u64,
}

impl Timing {
    pub(crate) fn new(warm_up: Duration, measured: Duration) -> Self {
        Self { warm_up, measured, slice: SLICE, what: "" }
    }

    /// The same, in slices of this length.
    pub(crate) fn in_slices(self, slice: Duration) -> Self {
        Self { slice, ..self }
    }

    /// The same, telling what is done.
    pub(crate) fn of(self, what: &'static str) -> Self {
        Self { what, ..self }
    }

    /// When the slices end. The last one may be short.
    fn ends(self) -> impl Iterator<Item = Duration> {
        let ends = (1..).map(move |number| self.slice * number).take_while(move |end| *end < self.measured);
        ends.chain([self.measured])
    }
}

/// Waits until all slices are over that begin at `from`, and tells what was done in each.
pub(super) async fn follow(
    timing: Timing,
    from: Instant,
    watched: Watched,
    tally: &Tally,
) -> Result<Vec<Slice>> {
    let mut slices = Vec::new();
    for until in timing.ends() {
        sleep(until.saturating_sub(from.elapsed())).await;
        let (done, p99) = tally.next_slice();
        let resident = watched.resident()?;
        println!(
            "    {:>4.0} s  {done:>9} {}done, p99 {p99:.1} ms, {:.1} MiB",
            until.as_secs_f64(),
            timing.what,
            resident as f64 / 1_048_576.0
        );
        slices.push(Slice { until, done, p99, resident });
    }
    Ok(slices)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_end_with_what_is_measured() {
        let ends = |seconds| {
            let timing = Timing::new(Duration::ZERO, Duration::from_secs(seconds));
            timing.ends().map(|end| end.as_secs()).collect::<Vec<_>>()
        };
        assert_eq!(ends(1), [1]);
        assert_eq!(ends(4), [2, 4]);
        assert_eq!(ends(5), [2, 4, 5]);
    }
}
