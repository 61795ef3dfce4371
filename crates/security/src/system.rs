//! The clock and the entropy of the operating system.

use std::cell::RefCell;
use std::io::Write as _;

use chrono::Utc;
use jangteo_shared_kernel::{Clock, Entropy, Timestamp, whole_milliseconds};
use zeroize::Zeroize as _;

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
/// Small requests, such as for ids, are served from a supply that each thread fetches by one call for many; what was handed
/// out is wiped from it.
///
/// If it fails, the process ends at once (`abort`), after a message to the log and to standard error. There is no
/// caller that could go on: without randomness every key, id and token would be predictable. A panic would take
/// down one request only, and the next would meet the same.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if bytes.len() > SMALL {
            return fetch(bytes);
        }
        SUPPLY.with_borrow_mut(|supply| supply.hand_out(bytes));
    }
}

/// Whatever is larger is not asked for often.
const SMALL: usize = 64;

/// How many bytes are fetched at once.
const FETCHED: usize = 1_024;

thread_local! {
    static SUPPLY: RefCell<Supply> = const { RefCell::new(Supply { bytes: [0; FETCHED], left: 0 }) };
}

/// Random bytes that nobody has had yet: the first `left` ones.
struct Supply {
    bytes: [u8; FETCHED],
    left: usize,
}

impl Supply {
    fn hand_out(&mut self, to: &mut [u8]) {
        if self.left < to.len() {
            fetch(&mut self.bytes);
            self.left = FETCHED;
        }
        self.left -= to.len();
        let from = &mut self.bytes[self.left..self.left + to.len()];
        to.copy_from_slice(from);
        from.zeroize();
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the entropy that everybody else is given")]
fn fetch(bytes: &mut [u8]) {
    if let Err(error) = getrandom::fill(bytes) {
        tracing::error!(%error, "the operating system gives no random bytes; stopping");
        // A log may be buffered or not set up yet. If this fails too, there is nothing left to say it with.
        let _ = writeln!(std::io::stderr(), "jangteo: the operating system gives no random bytes: {error}");
        std::process::abort();
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

    #[test]
    fn no_bytes_are_handed_out_twice() {
        let mut seen = std::collections::HashSet::new();
        // Sizes that do not divide the supply, across many refills.
        for round in 0..2_000 {
            let mut bytes = vec![0; 8 + round % 57];
            SystemEntropy.fill(&mut bytes);
            assert!(bytes.windows(8).all(|eight| seen.insert(eight.to_vec())), "round {round}");
        }
    }

    #[test]
    fn what_was_handed_out_is_wiped() {
        let mut supply = Supply { bytes: [0; FETCHED], left: 0 };
        let mut bytes = [0; 24];
        supply.hand_out(&mut bytes);
        assert_ne!(bytes, [0; 24]);
        assert_eq!(supply.bytes[supply.left..], [0; 24]);
        assert_ne!(supply.bytes[..supply.left], [0; FETCHED - 24]);
    }
}
