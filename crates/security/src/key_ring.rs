//! Keys, and rings of them.

use std::collections::BTreeMap;
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
    fn debug_output_shows_no_key() {
        let keys = FieldKeys { ring: KeyRing::new(7, [(7, key(0xAB))]).unwrap(), lookup: key(0xAB) };
        let shown = format!("{keys:?}");
        assert!(shown.contains("SecretKey(…)"), "{shown}");
        assert!(!shown.contains("171") && !shown.to_lowercase().contains("ab"), "{shown}");
    }
}
