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
}
