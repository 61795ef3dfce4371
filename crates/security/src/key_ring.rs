//! Keys, and rings of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jangteo_shared_kernel::Entropy;
use zeroize::Zeroize;

/// A key of 256 bits. Not printed by `Debug`, wiped from memory when dropped.
#[derive(Clone)]
pub struct SecretKey([u8; Self::LENGTH]);

impl SecretKey {
    /// How many bytes a key has.
    pub const LENGTH: usize = 32;

    /// A key that was made before.
    #[must_use]
    pub const fn new(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// A new key.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut key = Self([0; Self::LENGTH]);
        entropy.fill(&mut key.0);
        key
    }

    pub(crate) const fn expose(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

impl Drop for SecretKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// Keys for one purpose, each with an id that never means another key. The current one makes what is new; the
/// others serve what was made before.
#[derive(Debug, Clone)]
pub struct KeyRing {
    current: (u32, SecretKey),
    older: BTreeMap<u32, SecretKey>,
}

/// These keys make no ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeyRing {
    /// The current key is missing.
    #[error("there is no key with the id of the current one, {0}")]
    NoCurrentKey(u32),
    /// An id stands for two keys.
    #[error("two keys have the id {0}")]
    SameId(u32),
}

impl KeyRing {
    /// A ring of these keys, the current one among them.
    pub fn new(
        current: u32,
        keys: impl IntoIterator<Item = (u32, SecretKey)>,
    ) -> Result<Self, InvalidKeyRing> {
        let mut older = BTreeMap::new();
        for (id, key) in keys {
            if older.insert(id, key).is_some() {
                return Err(InvalidKeyRing::SameId(id));
            }
        }
        let key = older.remove(&current).ok_or(InvalidKeyRing::NoCurrentKey(current))?;
        Ok(Self { current: (current, key), older })
    }

    /// A ring of one new key.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self { current: (1, SecretKey::generate(entropy)), older: BTreeMap::new() }
    }

    /// The key that makes what is new, and its id.
    #[must_use]
    pub const fn current(&self) -> (u32, &SecretKey) {
        (self.current.0, &self.current.1)
    }

    /// The other keys and their ids.
    pub fn older(&self) -> impl Iterator<Item = (u32, &SecretKey)> {
        self.older.iter().map(|(&id, key)| (id, key))
    }

    /// The ids of all keys, ascending.
    #[must_use]
    pub fn ids(&self) -> BTreeSet<u32> {
        self.older.keys().copied().chain([self.current.0]).collect()
    }

    /// This ring with a new key, which becomes the current one. Its id is above all others; `None` if there is none
    /// above.
    #[must_use]
    pub fn with_new_key(&self, entropy: &dyn Entropy) -> Option<Self> {
        let id = self.ids().last()?.checked_add(1)?;
        let mut older = self.older.clone();
        older.insert(self.current.0, self.current.1.clone());
        Some(Self { current: (id, SecretKey::generate(entropy)), older })
    }

    /// This ring with the current key and those of the others that are still `needed`. One above the current key stays
    /// too, so that no later key gets its id.
    #[must_use]
    pub fn pruned(&self, needed: &BTreeSet<u32>) -> Self {
        let mut ring = self.clone();
        ring.older.retain(|id, _| needed.contains(id) || *id > self.current.0);
        ring
    }
}

/// The keys of [`crate::SealedFields`].
#[derive(Debug, Clone)]
pub struct FieldKeys {
    /// Seal and open.
    pub ring: KeyRing,
    /// Hashes e-mail addresses. Another one finds no account any more until all addresses are hashed again.
    pub lookup: SecretKey,
}

impl FieldKeys {
    /// New keys.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self { ring: KeyRing::generate(entropy), lookup: SecretKey::generate(entropy) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemEntropy;

    fn key(n: u8) -> SecretKey {
        SecretKey::new([n; 32])
    }

    #[test]
    fn a_ring_has_its_current_key_and_each_id_once() {
        let ring = KeyRing::new(2, [(1, key(1)), (2, key(2))]).unwrap();
        assert_eq!((ring.current().0, ring.current().1.expose()), (2, &[2; 32]));
        assert_eq!(ring.older().map(|(id, key)| (id, *key.expose())).collect::<Vec<_>>(), [(1, [1; 32])]);

        assert_eq!(KeyRing::new(3, [(1, key(1))]).unwrap_err(), InvalidKeyRing::NoCurrentKey(3));
        assert_eq!(KeyRing::new(1, [(1, key(1)), (1, key(2))]).unwrap_err(), InvalidKeyRing::SameId(1));
        assert_eq!(KeyRing::new(1, []).unwrap_err(), InvalidKeyRing::NoCurrentKey(1));
    }

    #[test]
    fn a_new_key_is_current_and_the_others_stay() {
        let ring = KeyRing::new(2, [(1, key(1)), (2, key(2)), (7, key(7))]).unwrap();
        let grown = ring.with_new_key(&SystemEntropy).unwrap();
        assert_eq!(grown.current().0, 8);
        let older: Vec<_> = grown.older().map(|(id, key)| (id, *key.expose())).collect();
        assert_eq!(older, [(1, [1; 32]), (2, [2; 32]), (7, [7; 32])]);
        assert!(!older.iter().any(|(_, key)| key == grown.current().1.expose()));
        assert!(KeyRing::new(u32::MAX, [(u32::MAX, key(1))]).unwrap().with_new_key(&SystemEntropy).is_none());
    }

    #[test]
    fn a_pruned_ring_has_what_is_needed_what_is_current_and_what_no_later_key_may_be_called() {
        let ring = KeyRing::new(3, (1..=5).map(|n| (u32::from(n), key(n)))).unwrap();
        let pruned = ring.pruned(&BTreeSet::from([2, 9]));
        assert_eq!((pruned.current().0, pruned.ids()), (3, BTreeSet::from([2, 3, 4, 5])));
        assert_eq!(pruned.with_new_key(&SystemEntropy).unwrap().current().0, 6);
    }

    #[test]
    fn debug_output_shows_no_key() {
        let keys = FieldKeys { ring: KeyRing::new(7, [(7, key(0xAB))]).unwrap(), lookup: key(0xAB) };
        let shown = format!("{keys:?}");
        assert!(shown.contains("SecretKey(…)"), "{shown}");
        assert!(!shown.contains("171") && !shown.to_lowercase().contains("ab"), "{shown}");
    }
}
