//! The clock and the entropy of the operating system.

use std::io::Write as _;

use chrono::Utc;
use jangteo_shared_kernel::{Clock, Entropy, Timestamp, whole_milliseconds};

/// The clock of the operating system, cut to whole milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is given")]
    fn now(&self) -> Timestamp {
        whole_milliseconds(Utc::now())
    }
}

/// The random source of the operating system, which is fit for keys.
///
/// If it fails, the process ends at once (`abort`), after a message to the log and to standard error. There is no
/// caller that could go on: without randomness every key, id and token would be predictable. A panic would take
/// down one request only, and the next would meet the same.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the entropy that everybody else is given")]
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            tracing::error!(%error, "the operating system gives no random bytes; stopping");
            // A log may be buffered or not set up yet. If this fails too, there is nothing left to say it with.
            let _ =
                writeln!(std::io::stderr(), "jangteo: the operating system gives no random bytes: {error}");
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_gives_whole_milliseconds() {
        let now = SystemClock.now();
        assert_eq!(now, whole_milliseconds(now));
    }

    #[test]
    fn entropy_fills_every_byte_anew() {
        let (mut one, mut other) = ([0; 64], [0; 64]);
        SystemEntropy.fill(&mut one);
        SystemEntropy.fill(&mut other);
        assert_ne!(one, other);
        assert_ne!(one[32..], [0; 32]);
    }
}
