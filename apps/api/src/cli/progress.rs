//! How far a long command has come, for the person who waits for it.

use std::io::{self, IsTerminal as _, Write as _};

use chrono::TimeDelta;
use jangteo_application::Sources;
use jangteo_shared_kernel::Timestamp;

/// How many characters the bar has.
const WIDTH: u64 = 40;

/// Tells on standard error: on a terminal by a bar that fills, elsewhere by a line now and then.
pub(super) struct Progress {
    sources: Sources,
    what: &'static str,
    total: u64,
    on_terminal: bool,
    told: Option<Timestamp>,
}

impl Progress {
    /// Nothing is done yet, of so many of these.
    pub(super) fn new(sources: &Sources, what: &'static str, total: u64) -> Self {
        let on_terminal = io::stderr().is_terminal();
        Self { sources: sources.clone(), what, total, on_terminal, told: None }
    }

    /// So many are done. If it cannot be written, the work goes on without.
    pub(super) fn show(&mut self, done: u64) {
        let now = self.sources.now();
        let every = if self.on_terminal { TimeDelta::milliseconds(100) } else { TimeDelta::seconds(1) };
        if self.told.is_some_and(|told| now - told < every) && done < self.total {
            return;
        }
        self.told = Some(now);
        let _ = if self.on_terminal {
            write!(io::stderr(), "\r{} {} of {} {}", bar(done, self.total), done, self.total, self.what)
        } else {
            writeln!(io::stderr(), "{done} of {} {}", self.total, self.what)
        };
    }

    /// Leaves the line of the bar.
    pub(super) fn end(self) {
        if self.on_terminal && self.told.is_some() {
            let _ = writeln!(io::stderr());
        }
    }
}

/// `[##########------------------------------]  25 %`
fn bar(done: u64, total: u64) -> String {
    // What is done may grow beyond what there was at first.
    let (done, total) = (done.min(total), total.max(1));
    let part = |of: u64| u128::from(done) * u128::from(of) / u128::from(total);
    let filled = usize::try_from(part(WIDTH)).unwrap_or_default();
    let empty = usize::try_from(WIDTH).unwrap_or_default() - filled;
    format!("[{}{}] {:>3} %", "#".repeat(filled), "-".repeat(empty), part(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills() {
        assert_eq!(bar(0, 200), format!("[{}]   0 %", "-".repeat(40)));
        assert_eq!(bar(50, 200), format!("[{}{}]  25 %", "#".repeat(10), "-".repeat(30)));
        assert_eq!(bar(199, 200), format!("[{}-]  99 %", "#".repeat(39)));
        for full in [(200, 200), (201, 200), (u64::MAX, u64::MAX)] {
            assert_eq!(bar(full.0, full.1), format!("[{}] 100 %", "#".repeat(40)));
        }
        assert_eq!(bar(0, 0), format!("[{}]   0 %", "-".repeat(40)));
    }
}
