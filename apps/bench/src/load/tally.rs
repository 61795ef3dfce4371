//! What is counted while the shop is loaded. Everything runs on one thread, so cells do.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;

use super::course::Slice;
use crate::usage::Usage;

/// The statuses of HTTP.
const STATUSES: usize = 600;

/// Latencies are kept in microseconds with three digits, up to this one.
const LONGEST: u64 = 120_000_000;

/// What a measurement is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    WarmUp,
    Measuring,
    Over,
}

/// The counters of a measurement.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) phase: Cell<Phase>,
    done: Cell<u64>,
    statuses: RefCell<Vec<u64>>,
    latency: RefCell<Histogram<u64>>,
    /// The latencies of the slice that goes on.
    slice: RefCell<Histogram<u64>>,
    /// In all phases: requests of which nobody knows what became of them.
    lost: Cell<u64>,
    /// Why the first of these was lost.
    first_loss: RefCell<Option<String>>,
}

/// What a load has come to.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) duration: Duration,
    pub(crate) done: u64,
    pub(crate) statuses: BTreeMap<usize, u64>,
    pub(crate) latency: Histogram<u64>,
    pub(crate) lost: u64,
    pub(crate) first_loss: Option<String>,
    pub(crate) usage: Usage,
    /// How it went.
    pub(crate) course: Vec<Slice>,
    /// Of an open loop.
    pub(crate) punctuality: Option<Punctuality>,
}

/// How an open loop kept to its schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Punctuality {
    /// So many requests were due.
    pub(crate) due: u64,
    /// So many were sent late, because no connection was free. Their latency counts from when they were due.
    pub(crate) late: u64,
    /// So many were not sent at all, because they would have been far too late.
    pub(crate) dropped: u64,
}

impl Tally {
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            phase: Cell::new(Phase::WarmUp),
            done: Cell::new(0),
            statuses: RefCell::new(vec![0; STATUSES]),
            latency: RefCell::new(Histogram::new_with_bounds(1, LONGEST, 3)?),
            slice: RefCell::new(Histogram::new_with_bounds(1, LONGEST, 3)?),
            lost: Cell::new(0),
            first_loss: RefCell::new(None),
        })
    }

    pub(super) fn answered(&self, status: u16) {
        if self.phase.get() == Phase::Measuring
            && let Some(count) = self.statuses.borrow_mut().get_mut(usize::from(status))
        {
            *count += 1;
        }
    }

    pub(super) fn done(&self, took: Duration) {
        if self.phase.get() == Phase::Measuring {
            self.done.set(self.done.get() + 1);
            let micros = u64::try_from(took.as_micros()).unwrap_or(LONGEST);
            self.latency.borrow_mut().saturating_record(micros);
            self.slice.borrow_mut().saturating_record(micros);
        }
    }

    pub(super) fn lost(&self, why: String) {
        self.lost.set(self.lost.get() + 1);
        self.first_loss.borrow_mut().get_or_insert(why);
    }

    /// Ends a slice: how much was done in it, and the 99th percentile of its latency in milliseconds.
    pub(super) fn next_slice(&self) -> (u64, f64) {
        let mut slice = self.slice.borrow_mut();
        let told = (slice.len(), millis(slice.value_at_quantile(0.99)));
        slice.reset();
        told
    }

    pub(super) fn result(&self, duration: Duration, usage: Usage) -> Measured {
        let statuses = self.statuses.borrow();
        Measured {
            duration,
            done: self.done.get(),
            statuses: statuses.iter().copied().enumerate().filter(|(_, count)| *count > 0).collect(),
            latency: self.latency.borrow().clone(),
            lost: self.lost.get(),
            first_loss: self.first_loss.borrow().clone(),
            usage,
            course: Vec::new(),
            punctuality: None,
        }
    }
}

impl Measured {
    /// Units of work a second.
    pub(crate) fn rate(&self) -> f64 {
        self.done as f64 / self.duration.as_secs_f64()
    }

    /// A quantile of the latency in milliseconds.
    pub(crate) fn quantile(&self, quantile: f64) -> f64 {
        millis(self.latency.value_at_quantile(quantile))
    }

    /// The longest latency in milliseconds.
    pub(crate) fn longest(&self) -> f64 {
        millis(self.latency.max())
    }

    /// The most memory that the server was seen to have, in bytes.
    pub(crate) fn resident(&self) -> u64 {
        self.course.iter().map(|slice| slice.resident).max().unwrap_or(0)
    }

    /// Some of the processor time a unit of work, in microseconds.
    pub(crate) fn micros_each(&self, seconds: f64) -> f64 {
        seconds * 1_000_000.0 / (self.done.max(1) as f64)
    }
}

fn millis(micros: u64) -> f64 {
    micros as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_forgets_the_one_before() {
        let tally = Tally::new().unwrap();
        tally.phase.set(Phase::Measuring);
        tally.done(Duration::from_millis(100));
        assert_eq!(tally.next_slice().0, 1);
        tally.done(Duration::from_millis(2));
        tally.done(Duration::from_millis(1));
        let (done, p99) = tally.next_slice();
        assert!(done == 2 && (1.9..2.1).contains(&p99), "{p99}");
        assert_eq!(tally.next_slice().0, 0);
    }
}
