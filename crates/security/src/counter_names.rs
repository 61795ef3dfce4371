//! Names of counters that do not tell who they are about.

use std::fmt;

use hmac::Mac;

use crate::FieldKeys;
use crate::mac::{HmacSha256, hmac_sha256};

const LENGTH: usize = 16;

/// Makes names for what is counted by account or by address: 16 bytes of an HMAC-SHA256 under the key of lookups, in
/// another domain than those, so that what counters are kept in cannot be compared with the database (ADR-036).
pub struct CounterNames(HmacSha256);

impl CounterNames {
    /// Names under these keys. Instances that count together share them.
    #[must_use]
    pub fn new(keys: &FieldKeys) -> Self {
        Self(hmac_sha256(&keys.lookup))
    }

    /// The name of what is counted for `whom`: the kind, a colon and 32 hexadecimal digits.
    #[must_use]
    pub fn name(&self, kind: &str, whom: &str) -> String {
        let mac =
            self.0.clone().chain_update(b"counter\0").chain_update(kind).chain_update([0]).chain_update(whom);
        let mac: [u8; 32] = mac.finalize().into_bytes().into();
        let (&start, _) = mac.split_first_chunk::<LENGTH>().unwrap_or((&[0; LENGTH], &[]));
        format!("{kind}:{:032x}", u128::from_be_bytes(start))
    }
}

impl fmt::Debug for CounterNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CounterNames(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KeyRing, SecretKey};

    fn names(lookup: u8) -> CounterNames {
        let ring = KeyRing::new(1, [(1, SecretKey::new([1; 32]))]).unwrap();
        CounterNames::new(&FieldKeys { ring, lookup: SecretKey::new([lookup; 32]) })
    }

    #[test]
    fn names_are_stable_and_differ_by_kind_by_whom_and_by_key() {
        let name = names(9).name("account", "minji@example.com");
        assert_eq!(name, names(9).name("account", "minji@example.com"));
        assert_eq!((name.len(), name.starts_with("account:")), ("account:".len() + 32, true));
        for other in [
            names(9).name("address", "minji@example.com"),
            names(9).name("account", "minjy@example.com"),
            names(8).name("account", "minji@example.com"),
        ] {
            assert_ne!(name, other);
        }
        assert!(!format!("{:?}", names(9)).contains('9'));
    }
}
