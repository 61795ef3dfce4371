//! How many requests a client has sent ahead of their answers.
//!
//! The HTTP library takes apart all requests that have come before it answers the first. Each takes some 7 KiB then, however
//! short it was when it came: without a limit a client's 128 KiB become 30 MiB here.

use std::cell::Cell;
use std::io::{self, ErrorKind};
use std::rc::Rc;

/// The most requests that a client may send ahead.
const MOST: u32 = 32;

/// What every request has once, at the end of its first line. Elsewhere it is rare, and is counted until the client waits.
const MARK: &[u8] = b" HTTP/1.";

/// What a connection and the requests on it know of each other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ahead(Rc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    unanswered: Cell<u32>,
    at_work: Cell<u32>,
}

/// A request that is worked on until this is dropped.
#[derive(Debug)]
pub(crate) struct AtWork(Ahead);

impl Ahead {
    /// Notes that a request is worked on.
    pub(crate) fn work(&self) -> AtWork {
        self.0.at_work.set(self.0.at_work.get() + 1);
        AtWork(self.clone())
    }

    /// Notes that so many requests have come. Too many end the connection, before they are taken apart.
    pub(super) fn come(&self, count: u32) -> io::Result<()> {
        self.0.unanswered.set(self.0.unanswered.get().saturating_add(count));
        if self.0.unanswered.get() > MOST {
            tracing::debug!("a client sent too many requests ahead");
            return Err(ErrorKind::InvalidData.into());
        }
        Ok(())
    }

    /// Notes that everything that has come was answered, unless something is worked on.
    pub(super) fn rest(&self) {
        if self.0.at_work.get() == 0 {
            self.0.unanswered.set(0);
        }
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let Counts { unanswered, at_work } = self.0.0.as_ref();
        at_work.set(at_work.get().saturating_sub(1));
        unanswered.set(unanswered.get().saturating_sub(1));
    }
}

/// Finds marks, however they are torn apart on their way.
#[derive(Debug, Default)]
pub(super) struct Marks {
    matched: usize,
}

impl Marks {
    /// How many more have come to their end in these bytes.
    pub(super) fn count(&mut self, bytes: &[u8]) -> u32 {
        let mut count = 0;
        for byte in bytes {
            if MARK.get(self.matched) == Some(byte) {
                self.matched += 1;
            } else {
                // Only its first byte can begin it anew: there is no other like that in it.
                self.matched = usize::from(MARK.first() == Some(byte));
            }
            if self.matched == MARK.len() {
                (self.matched, count) = (0, count + 1);
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_wherever_they_are_torn() {
        let text = b"GET / HTTP/1.1\r\n\r\nGET /  HTTP/1.0\r\n HTTP / HTTP/2 HTTP/1 HTTP/1. HTTP/1.";
        for size in 1..=text.len() {
            let mut marks = Marks::default();
            let found: u32 = text.chunks(size).map(|piece| marks.count(piece)).sum();
            assert_eq!(found, 4, "{size}");
        }
    }

    #[test]
    fn a_client_may_send_some_requests_ahead_and_more_when_they_are_answered() {
        let ahead = Ahead::default();
        ahead.come(MOST).unwrap();
        for _ in 0..100 {
            drop(ahead.work());
            ahead.come(1).unwrap();
        }
        let at_work = ahead.work();
        // Something is worked on, so something may be waiting behind it.
        ahead.rest();
        assert_eq!(ahead.come(1).unwrap_err().kind(), ErrorKind::InvalidData);
        drop(at_work);
        ahead.rest();
        ahead.come(MOST).unwrap();
    }
}
