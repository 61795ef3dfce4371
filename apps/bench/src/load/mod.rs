//! How the shop is loaded.

mod closed;
mod course;
mod open;
mod tally;

pub(crate) use closed::run;
pub(crate) use course::{Slice, Timing};
pub(crate) use open::run as run_open;
pub(crate) use tally::Measured;

use std::time::Duration;

use anyhow::Result;

use crate::http::Answer;

/// What one connection does, again and again: units of work of one or several requests.
pub(crate) trait Visitor: 'static {
    /// Writes the next request; the buffer is empty. `false` if there is nothing left to ask.
    fn ask(&mut self, request: &mut Vec<u8>) -> bool;

    /// Reads its answer. An error is a fault of the server, which no load excuses.
    fn hear(&mut self, answer: Answer<'_>) -> Result<Progress>;

    /// Nobody knows what became of the latest request. The next one begins anew.
    fn forget(&mut self);

    /// How long it waits before the next unit of work, in a closed loop.
    fn rest(&mut self) -> Duration {
        Duration::ZERO
    }
}

/// How far a unit of work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It is done, and counts.
    Done,
    /// It is over, and does not count.
    Refused,
    /// There is another request to it.
    Goes,
}
