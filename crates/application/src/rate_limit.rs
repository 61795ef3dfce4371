//! Limits on the requests of one class.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;

use crate::two_generations::TwoGenerations;
use crate::{Allowance, Client, Draw, Drawn, SharedAllowances, Sources};

/// Into how many parts clients are divided, so that requests rarely wait for each other.
const SHARDS: usize = 32;

/// How many clients a part remembers at least, and half of how many at most: as many as fill a table of 1,024.
const CLIENTS: usize = 896;

/// Without asking, an instance hands out this part of an allowance. So most clients are never asked about, nor are those
/// that come once and never again.
const OWN_PART: u32 = 16;

/// How a request is to be answered, and what its client is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metered {
    /// Whether it is let through.
    pub passes: bool,
    /// How many more will be, as far as this instance knows.
    pub left: u32,
    /// When there is a new window, from now: more than nothing, and at most a window.
    pub renews_in: Duration,
}

/// Lets each client make so many requests of a class within a window (ADR-044).
///
/// Requests are counted in the process. An instance that shares hands out a sixteenth of an allowance of its own accord;
/// then it draws in larger and smaller pieces from what all share, and waits for that alone. While nobody answers it
/// counts for itself. Some 28,000 clients are remembered at least and twice as many at most; whoever is forgotten begins
/// anew.
pub struct RateLimit<S> {
    allowance: Allowance,
    shared: Option<S>,
    sources: Sources,
    refused: Counter,
    hasher: RandomState,
    shards: Vec<Shard>,
}

struct Shard {
    counts: Mutex<TwoGenerations<Client, Count>>,
    /// One draws at a time: a crowd that has used up a piece is not to take many.
    drawing: tokio::sync::Mutex<()>,
}

/// What is known of a client. Instants and spans are in milliseconds, as the clock's are.
#[derive(Debug, Clone, Copy)]
struct Count {
    begun: i64,
    window: i64,
    /// How many may pass without asking.
    granted: u32,
    spent: u32,
    /// How many more there may be to ask for.
    beyond: u32,
    /// Whether what was spent is counted here only.
    untold: bool,
}

impl<S: SharedAllowances> RateLimit<S> {
    /// A limit on requests of this class, which is the name of its meter. Without anybody to share with, the instance hands
    /// out all of the allowance.
    #[must_use]
    pub fn new(class: &'static str, allowance: Allowance, shared: Option<S>, sources: Sources) -> Self {
        let refused = sources.meters().refused_requests(class);
        let shards = (0..SHARDS).map(|_| Shard {
            counts: Mutex::new(TwoGenerations::new(CLIENTS)),
            drawing: tokio::sync::Mutex::new(()),
        });
        let shards = shards.collect();
        Self { allowance, shared, sources, refused, hasher: RandomState::new(), shards }
    }

    /// Counts a request, if it may pass. `name` makes the client's name for what is shared, if that is asked.
    pub async fn count(&self, client: Client, name: impl FnOnce() -> String) -> Metered {
        let metered = match self.at_hand(client) {
            Some(metered) => metered,
            None => self.draw(client, name).await,
        };
        if !metered.passes {
            self.refused.inc();
        }
        metered
    }

    /// The answer, if it is known without asking.
    fn at_hand(&self, client: Client) -> Option<Metered> {
        self.with(client, Count::take)
    }

    async fn draw(&self, client: Client, name: impl FnOnce() -> String) -> Metered {
        let turn = self.shard(&client).drawing.lock().await;
        // Whoever had the turn before may have drawn for this client.
        if let Some(metered) = self.at_hand(client) {
            return metered;
        }
        let spent = self.with(client, |count, _| if count.untold { count.spent } else { 0 });
        let draw = Draw { allowance: self.allowance, spent };
        let drawn = match &self.shared {
            Some(shared) => shared.draw(&name(), &draw).await,
            None => None,
        };
        // Nobody's clock makes a window longer than it would be anew.
        let drawn =
            drawn.map(|drawn| Drawn { renews_in: drawn.renews_in.min(self.allowance.window), ..drawn });
        let metered = self.with(client, |count, now| {
            count.add(drawn, now);
            count.take(now).unwrap_or_else(|| count.metered(false, now))
        });
        drop(turn);
        metered
    }

    /// Looks at what is known of a client in the present window.
    fn with<T>(&self, client: Client, look: impl FnOnce(&mut Count, i64) -> T) -> T {
        let now = self.sources.now().timestamp_millis();
        // Nothing panics while it is held, so a poisoned map is a whole one.
        let mut counts = self.shard(&client).counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.latest(client, || self.begin(now));
        if count.left(now) <= 0 {
            *count = self.begin(now);
        }
        look(count, now)
    }

    fn begin(&self, now: i64) -> Count {
        let all = self.allowance.requests.get();
        let granted = if self.shared.is_some() { all / OWN_PART } else { all };
        let window = i64::try_from(self.allowance.window.as_millis()).unwrap_or(i64::MAX);
        Count { begun: now, window, granted, spent: 0, beyond: all - granted, untold: true }
    }

    fn shard(&self, client: &Client) -> &Shard {
        let hash = usize::try_from(self.hasher.hash_one(client) % SHARDS as u64).unwrap_or_default();
        &self.shards[hash]
    }
}

impl Count {
    /// What is left of the window. A clock that was set back makes it no longer than it would be anew.
    fn left(&self, now: i64) -> i64 {
        self.window - now.saturating_sub(self.begun).max(0)
    }

    /// Lets a request through or not; `None` if others have to be asked.
    fn take(&mut self, now: i64) -> Option<Metered> {
        let passes = self.spent < self.granted;
        if !passes && self.beyond > 0 {
            return None;
        }
        self.spent += u32::from(passes);
        Some(self.metered(passes, now))
    }

    /// Adds what was drawn. If nobody has answered, all that others may not have used.
    fn add(&mut self, drawn: Option<Drawn>, now: i64) {
        if let Some(Drawn { granted, left, renews_in }) = drawn {
            self.granted = self.granted.saturating_add(granted);
            // What was granted is counted. If nothing was, no more is asked for.
            (self.beyond, self.untold) = (if granted == 0 { 0 } else { left }, false);
            let window = i64::try_from(renews_in.as_millis()).unwrap_or(i64::MAX);
            (self.begun, self.window) = (now, window.max(1));
        } else {
            self.granted = self.granted.saturating_add(self.beyond);
            self.beyond = 0;
        }
    }

    fn metered(&self, passes: bool, now: i64) -> Metered {
        let left = self.granted.saturating_sub(self.spent).saturating_add(self.beyond);
        Metered { passes, left, renews_in: millis(self.left(now)) }
    }
}

fn millis(span: i64) -> Duration {
    Duration::from_millis(u64::try_from(span).unwrap_or_default())
}

impl<S> fmt::Debug for RateLimit<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit").field("allowance", &self.allowance).finish_non_exhaustive()
    }
}
