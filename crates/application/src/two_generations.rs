//! Memory that stays within bounds by forgetting.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::mem;

/// A map of what may be forgotten: of the latest `generation` entries none is missing, and there are never more than
/// twice as many.
#[derive(Debug)]
pub(crate) struct TwoGenerations<K, V> {
    generation: usize,
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash, V> TwoGenerations<K, V> {
    pub(crate) fn new(generation: usize) -> Self {
        Self { generation, young: HashMap::new(), old: HashMap::new() }
    }

    pub(crate) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    pub(crate) fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        self.young.remove(key);
        self.old.remove(key);
    }

    /// How many there are, those that were replaced included.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// The entry, made if there is none. It is one of the latest from now on.
    pub(crate) fn latest(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V
    where
        K: Copy,
    {
        if self.young.len() >= self.generation && !self.young.contains_key(&key) {
            let known = self.old.remove(&key);
            self.old = mem::take(&mut self.young);
            self.old.extend(known.map(|value| (key, value)));
        }
        let old = &mut self.old;
        self.young.entry(key).or_insert_with(|| old.remove(&key).unwrap_or_else(make))
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.generation {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_the_latest_and_no_more_than_twice_as_many() {
        let mut map = TwoGenerations::new(10);
        for n in 0..1_000_u32 {
            map.insert(n, n);
            assert!((n.saturating_sub(9)..=n).all(|latest| map.get(&latest) == Some(&latest)), "{n}");
            assert!(map.len() <= 20);
        }
        assert_eq!(map.get(&900), None);
        map.remove(&999);
        map.remove(&985);
        assert_eq!((map.get(&999), map.get(&985), map.get(&998)), (None, None, Some(&998)));
    }

    #[test]
    fn what_is_looked_at_is_one_of_the_latest() {
        let mut map = TwoGenerations::new(10);
        for n in 0..1_000_u32 {
            *map.latest(n, || 0) += 1;
            // Looked at all the time, so it is never made anew.
            *map.latest(0, || 0) += 1;
            assert!((n.saturating_sub(8)..=n).all(|latest| map.get(&latest).is_some()), "{n}");
            assert!(map.len() <= 20);
        }
        assert_eq!((map.get(&0), map.get(&999), map.get(&900)), (Some(&1_001), Some(&1), None));
    }
}
