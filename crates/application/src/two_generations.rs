//! Memory that stays within bounds by forgetting.

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

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
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
            assert!(map.young.len() + map.old.len() <= 20);
        }
        assert_eq!(map.get(&900), None);
    }
}
