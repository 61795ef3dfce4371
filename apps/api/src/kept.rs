//! Answers that are kept for a moment and made once, however many ask at once.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;
use jangteo_shared_kernel::Timestamp;
use tokio::sync::OnceCell;

use crate::problem::Problem;

/// Values by key, each kept for a short life. Whoever asks while one is being made waits for that one, and gets its
/// problem if it cannot be made; a problem is not kept.
pub(crate) struct Kept<K, V> {
    life: TimeDelta,
    most: usize,
    entries: Mutex<BTreeMap<K, Arc<Entry<V>>>>,
}

struct Entry<V> {
    begun: Timestamp,
    value: OnceCell<Result<V, Problem>>,
}

impl<K: Ord + Clone, V: Clone> Kept<K, V> {
    /// Keeps at most so many values for so long, counted from when their making began.
    pub(crate) const fn new(life: TimeDelta, most: usize) -> Self {
        Self { life, most, entries: Mutex::new(BTreeMap::new()) }
    }

    /// The value under a key at `now`, made by `make` unless there is a young one.
    pub(crate) async fn get<F>(&self, now: Timestamp, key: K, make: impl FnOnce() -> F) -> Result<V, Problem>
    where
        F: Future<Output = Result<V, Problem>>,
    {
        let entry = self.entry(now, key);
        // Whoever makes it may go away meanwhile; then the next one who waits does.
        entry.value.get_or_init(make).await.clone()
    }

    /// Forgets everything: whoever asks from now on gets what is made from now on.
    pub(crate) fn forget(&self) {
        self.entries().clear();
    }

    fn entry(&self, now: Timestamp, key: K) -> Arc<Entry<V>> {
        let mut entries = self.entries();
        if let Some(entry) = entries.get(&key).filter(|entry| self.is_good(entry, now)) {
            return Arc::clone(entry);
        }
        if entries.len() >= self.most {
            entries.retain(|_, entry| self.is_good(entry, now));
        }
        while entries.len() >= self.most.max(1) {
            let oldest = entries.iter().min_by_key(|(_, entry)| entry.begun).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            entries.remove(&oldest);
        }
        let entry = Arc::new(Entry { begun: now, value: OnceCell::new() });
        entries.insert(key, Arc::clone(&entry));
        entry
    }

    /// Whether it is being made, or made and young.
    fn is_good(&self, entry: &Entry<V>, now: Timestamp) -> bool {
        match entry.value.get() {
            None => true,
            // A clock that was set back makes nothing young for longer.
            Some(Ok(_)) => (now - entry.begun).abs() < self.life,
            Some(Err(_)) => false,
        }
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<K, Arc<Entry<V>>>> {
        // Nothing panics while it is held, so a poisoned map is a whole one.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V> fmt::Debug for Kept<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("life", &self.life).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::oneshot;

    use super::*;

    const LIFE: TimeDelta = TimeDelta::seconds(1);
    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    async fn make(kept: &Kept<u32, u32>, key: u32, made: &AtomicU32) -> u32 {
        kept.get(NOW, key, || async { Ok(made.fetch_add(1, Ordering::Relaxed)) }).await.unwrap()
    }

    #[tokio::test]
    async fn a_value_is_made_once_until_it_is_too_old_or_forgotten() {
        let (made, kept) = (AtomicU32::new(0), Kept::new(LIFE, 9));
        assert_eq!((make(&kept, 1, &made).await, make(&kept, 1, &made).await), (0, 0));
        assert_eq!((make(&kept, 2, &made).await, make(&kept, 1, &made).await), (1, 0));
        kept.forget();
        assert_eq!((make(&kept, 1, &made).await, make(&kept, 1, &made).await), (2, 2));
        let age = |millis| NOW + TimeDelta::milliseconds(millis);
        for (now, value) in [(age(999), 2), (age(1_000), 99), (age(1_999), 99), (age(-500), 98)] {
            assert_eq!(kept.get(now, 1, || async { Ok(if value == 98 { 98 } else { 99 }) }).await, Ok(value));
        }
    }

    #[tokio::test]
    async fn whoever_asks_meanwhile_gets_the_same() {
        let made = Arc::new(AtomicU32::new(0));
        let kept = Arc::new(Kept::<u32, u32>::new(LIFE, 9));
        let (go, wait) = oneshot::channel::<()>();
        let first = {
            let (kept, made) = (Arc::clone(&kept), Arc::clone(&made));
            tokio::spawn(async move {
                kept.get(NOW, 1, || async move {
                    wait.await.unwrap();
                    Ok(made.fetch_add(1, Ordering::Relaxed))
                })
                .await
            })
        };
        while kept.entries().is_empty() {
            tokio::task::yield_now().await;
        }
        let mut others = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (kept, made) = (Arc::clone(&kept), Arc::clone(&made));
            others.spawn(async move { make(&kept, 1, &made).await });
        }
        tokio::task::yield_now().await;
        go.send(()).unwrap();
        assert_eq!(others.join_all().await, [0; 20]);
        assert_eq!((first.await.unwrap(), made.load(Ordering::Relaxed)), (Ok(0), 1));
    }

    #[tokio::test]
    async fn a_maker_that_goes_away_is_followed_by_another() {
        let (made, kept) = (AtomicU32::new(7), Kept::<u32, u32>::new(LIFE, 9));
        {
            let given_up = kept.get(NOW, 1, || async { std::future::pending().await });
            tokio::select! {
                biased;
                _ = given_up => panic!("it has no end"),
                () = tokio::task::yield_now() => {}
            }
        }
        assert_eq!(make(&kept, 1, &made).await, 7);
    }

    #[tokio::test]
    async fn a_problem_is_told_and_not_kept() {
        let (made, kept) = (AtomicU32::new(7), Kept::<u32, u32>::new(LIFE, 9));
        let problem = Problem::not_found();
        let refused = kept.get(NOW, 1, || async { Err(problem.clone()) }).await;
        assert_eq!(refused, Err(problem));
        assert_eq!(make(&kept, 1, &made).await, 7);
    }

    #[tokio::test]
    async fn never_keeps_more_than_it_may() {
        let (made, kept) = (AtomicU32::new(0), Kept::new(LIFE, 3));
        for key in 0..100 {
            assert_eq!(make(&kept, key, &made).await, key);
            assert!(kept.entries().len() <= 3);
        }
        assert_eq!(make(&kept, 99, &made).await, 99);
    }
}
