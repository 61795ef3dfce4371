//! The first level: in the process.

use std::collections::HashMap;
use std::hash::Hash;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jangteo_shared_kernel::Timestamp;
use tokio::sync::OnceCell;

use super::{Finished, LIFE_DELTA};
use crate::problem::Problem;

/// How many answers a generation holds.
const ANSWERS: usize = 8_192;

/// How many bytes a generation holds before the next answer begins another.
const BYTES: usize = 8 << 20;

/// Answers of two generations. The old one goes when the young one is full, or has lived as long as its answers.
pub(super) struct FirstLevel<K>(Mutex<Generations<K>>);

struct Generations<K> {
    young: HashMap<K, Arc<Entry>>,
    old: HashMap<K, Arc<Entry>>,
    /// Of the young ones that are made.
    bytes: usize,
    turned: Timestamp,
}

/// An answer that is there or being made.
pub(super) struct Entry {
    /// When somebody began to make it.
    pub(super) begun: Timestamp,
    edition: u64,
    /// The answer, once it is made.
    pub(super) value: OnceCell<Result<Young, Problem>>,
}

/// An answer with its end.
#[derive(Debug, Clone)]
pub(super) struct Young {
    pub(super) finished: Finished,
    pub(super) until: Timestamp,
}

impl<K: Eq + Hash + Clone> FirstLevel<K> {
    pub(super) fn new() -> Self {
        let turned = Timestamp::UNIX_EPOCH;
        Self(Mutex::new(Generations { young: HashMap::new(), old: HashMap::new(), bytes: 0, turned }))
    }

    /// A good answer, or else the entry in which it is being made or is to be made.
    pub(super) fn find(&self, name: &K, edition: u64, now: Timestamp) -> Result<Finished, Arc<Entry>> {
        let mut all = self.lock();
        let all = &mut *all;
        let found = all.young.get(name).or_else(|| all.old.get(name));
        if let Some(entry) = found.filter(|entry| entry.edition == edition) {
            match entry.value.get() {
                Some(Ok(young)) if is_ahead(young.until, now) => return Ok(young.finished.clone()),
                // Whoever waits for one that was begun long ago would get what is too old.
                None if is_ahead(entry.begun + LIFE_DELTA, now) => return Err(Arc::clone(entry)),
                _ => {}
            }
        }
        if all.young.len() >= ANSWERS || all.bytes >= BYTES || !is_ahead(all.turned + LIFE_DELTA, now) {
            all.old = mem::take(&mut all.young);
            all.bytes = 0;
            all.turned = now;
        }
        let entry = Arc::new(Entry { begun: now, edition, value: OnceCell::new() });
        all.young.insert(name.clone(), Arc::clone(&entry));
        Err(entry)
    }

    /// Counts the bytes of an answer that was made.
    pub(super) fn weigh(&self, finished: &Finished) {
        let mut all = self.lock();
        all.bytes = all.bytes.saturating_add(finished.body.len());
    }

    fn lock(&self) -> MutexGuard<'_, Generations<K>> {
        // Nothing panics while it is held, so a poisoned map is a whole one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an end is yet to come, and no further away than a life: a clock that was set back makes nothing live longer.
fn is_ahead(until: Timestamp, now: Timestamp) -> bool {
    now < until && until - now <= LIFE_DELTA
}

#[cfg(test)]
mod tests {
    use actix_web::web::Bytes;

    use super::*;

    #[test]
    fn holds_no_more_than_two_generations_whatever_is_asked() {
        let level = FirstLevel::new();
        for number in 0..100_000_u32 {
            assert!(level.find(&number, 0, Timestamp::UNIX_EPOCH).is_err());
            let all = level.lock();
            assert!(all.young.len() + all.old.len() <= 2 * ANSWERS);
        }
    }

    #[test]
    fn large_answers_fill_a_generation_sooner() {
        let level = FirstLevel::new();
        let large = Finished::untagged(Bytes::from(vec![b'x'; BYTES / 4]));
        for number in 0..1_000_u32 {
            let entry = level.find(&number, 0, Timestamp::UNIX_EPOCH).unwrap_err();
            let until = Timestamp::UNIX_EPOCH + LIFE_DELTA;
            entry.value.set(Ok(Young { finished: large.clone(), until })).unwrap();
            level.weigh(&large);
            let all = level.lock();
            assert!(all.young.len() + all.old.len() <= 2 * 4, "{number}");
        }
    }
}
