//! Seals personal data.
//!
//! A sealed value is
//!
//! | bytes | what |
//! |---|---|
//! | 1 | version of this layout: 1 |
//! | 4 | id of the key, big-endian |
//! | 24 | nonce, random |
//! | rest | XChaCha20-Poly1305 of the value, its tag of 16 bytes last |
//!
//! with the column's name, a zero byte and the 16 bytes of the user's id as associated data. A nonce of 24 bytes may
//! be drawn at random for every value that a shop will ever have; one of 12 bytes may not.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hmac::Mac;
use jangteo_shared_kernel::Entropy;
use jangteo_user::{CipherError, Email, EmailLookup, FieldCipher, FieldPlace};

use crate::mac::{HmacSha256, hmac_sha256};
use crate::{FieldKeys, KeyRing};

const VERSION: u8 = 1;
const NONCE: usize = 24;

/// Gives the ring as it is now, if it can be had.
pub type RingSource = Box<dyn Fn() -> Option<KeyRing> + Send + Sync>;

/// Seals personal data with XChaCha20-Poly1305 and hashes e-mail addresses with HMAC-SHA256 (ADR-027).
///
/// A value is sealed with the current key and opened with the one that it names. It opens only in the column and for
/// the user that it was sealed for. The ring may change while it is in use (ADR-040).
pub struct SealedFields {
    ring: RwLock<Arc<Ciphers>>,
    lookup: HmacSha256,
    entropy: Arc<dyn Entropy>,
    source: Option<RingSource>,
    /// Held from asking for a ring until it is learnt, so that an older one is never learnt last.
    asking: Mutex<()>,
}

/// A ring, ready to be used.
struct Ciphers {
    current: u32,
    by_id: BTreeMap<u32, XChaCha20Poly1305>,
}

impl Ciphers {
    fn of(ring: &KeyRing) -> Arc<Self> {
        let keys = ring.older().chain([ring.current()]);
        let by_id = keys.map(|(id, key)| (id, XChaCha20Poly1305::new(key.expose().into()))).collect();
        Arc::new(Self { current: ring.current().0, by_id })
    }
}

/// A sealed value, taken apart.
struct Sealed<'a> {
    key: u32,
    nonce: [u8; NONCE],
    ciphertext: &'a [u8],
}

impl<'a> Sealed<'a> {
    fn read(sealed: &'a [u8]) -> Option<Self> {
        let (&[version], rest) = sealed.split_first_chunk()?;
        let (&key, rest) = rest.split_first_chunk()?;
        let (&nonce, ciphertext) = rest.split_first_chunk::<NONCE>()?;
        (version == VERSION).then(|| Self { key: u32::from_be_bytes(key), nonce, ciphertext })
    }
}

impl SealedFields {
    /// A cipher with these keys that draws its nonces from this entropy.
    #[must_use]
    pub fn new(keys: &FieldKeys, entropy: Arc<dyn Entropy>) -> Self {
        let ring = RwLock::new(Ciphers::of(&keys.ring));
        Self { ring, lookup: hmac_sha256(&keys.lookup), entropy, source: None, asking: Mutex::new(()) }
    }

    /// Asks for the ring anew when a value names a key that it does not have: another process may have sealed it with a
    /// newer one. It is asked on the thread that wants to read the value.
    #[must_use]
    pub fn with_source(self, source: RingSource) -> Self {
        Self { source: Some(source), ..self }
    }

    /// The id of the key that seals.
    #[must_use]
    pub fn current_key(&self) -> u32 {
        self.ring().current
    }

    /// From now on these keys seal and open.
    pub fn learn(&self, ring: &KeyRing) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Ciphers::of(ring);
    }

    /// Asks for the ring anew, if there is anybody to ask, and learns what it hears.
    pub fn renew(&self) {
        let _asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ring) = self.source.as_ref().and_then(|ask| ask()) {
            self.learn(&ring);
        }
    }

    fn ring(&self) -> Arc<Ciphers> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The ring with this key, asked for if need be.
    fn ring_with(&self, key: u32) -> Option<Arc<Ciphers>> {
        let ring = self.ring();
        if ring.by_id.contains_key(&key) {
            return Some(ring);
        }
        self.renew();
        Some(self.ring()).filter(|ring| ring.by_id.contains_key(&key))
    }

    fn unseal(&self, place: FieldPlace, sealed: &[u8]) -> Option<String> {
        let Sealed { key, nonce, ciphertext } = Sealed::read(sealed)?;
        let payload = Payload { msg: ciphertext, aad: &associated_data(place) };
        let clear = self.ring_with(key)?.by_id.get(&key)?.decrypt(&XNonce::from(nonce), payload).ok()?;
        String::from_utf8(clear).ok()
    }
}

fn associated_data(place: FieldPlace) -> Vec<u8> {
    [place.column.as_bytes(), &[0], place.user.as_uuid().as_bytes()].concat()
}

impl FieldCipher for SealedFields {
    fn seal(&self, place: FieldPlace, clear: &str) -> Result<Vec<u8>, CipherError> {
        let ring = self.ring();
        let cipher = ring.by_id.get(&ring.current).ok_or(CipherError)?;
        let mut nonce = [0; NONCE];
        self.entropy.fill(&mut nonce);
        let payload = Payload { msg: clear.as_bytes(), aad: &associated_data(place) };
        let ciphertext = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| CipherError)?;
        Ok([&[VERSION], &ring.current.to_be_bytes()[..], &nonce, &ciphertext].concat())
    }

    fn open(&self, place: FieldPlace, sealed: &[u8]) -> Result<String, CipherError> {
        self.unseal(place, sealed).ok_or(CipherError)
    }

    fn key_of(&self, sealed: &[u8]) -> Result<u32, CipherError> {
        Sealed::read(sealed).map(|sealed| sealed.key).ok_or(CipherError)
    }

    fn email_lookup(&self, email: &Email) -> EmailLookup {
        let mac = self.lookup.clone().chain_update(b"email\0").chain_update(email.as_str());
        EmailLookup(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for SealedFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedFields").field("current", &self.current_key()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use jangteo_shared_kernel::UserId;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::{SecretKey, SystemEntropy};

    fn fields(current: u32, ids: &[u8]) -> SealedFields {
        let keys = ids.iter().map(|&id| (u32::from(id), SecretKey::new([id; 32])));
        let keys = FieldKeys { ring: KeyRing::new(current, keys).unwrap(), lookup: SecretKey::new([9; 32]) };
        SealedFields::new(&keys, Arc::new(SystemEntropy))
    }

    fn place(column: &'static str, user: u128) -> FieldPlace {
        FieldPlace { column, user: UserId::from_uuid(Uuid::from_u128(user)) }
    }

    const EMAIL: &str = "users.email";

    #[test]
    fn the_layout_is_version_key_nonce_ciphertext_and_tag() {
        let sealed = fields(0x0A, &[0x0A]).seal(place(EMAIL, 1), "김민지").unwrap();
        assert_eq!(sealed[..5], [1, 0, 0, 0, 0x0A]);
        assert_eq!(sealed.len(), 1 + 4 + 24 + "김민지".len() + 16);
    }

    #[test]
    fn the_same_value_sealed_twice_looks_different() {
        let fields = fields(1, &[1]);
        let seal = || fields.seal(place(EMAIL, 1), "minji@example.com").unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn does_not_open_in_another_row_or_column() {
        let fields = fields(1, &[1]);
        let sealed = fields.seal(place(EMAIL, 1), "minji@example.com").unwrap();
        assert_eq!(fields.open(place(EMAIL, 1), &sealed).unwrap(), "minji@example.com");
        assert_eq!(fields.open(place(EMAIL, 2), &sealed), Err(CipherError));
        assert_eq!(fields.open(place("users.name", 1), &sealed), Err(CipherError));
    }

    #[test]
    fn does_not_open_if_any_bit_is_changed_or_any_byte_is_missing() {
        // Key 0 and key 3 differ from key 1 in one bit, so that a changed id names a key that there is.
        let fields = fields(1, &[0, 1, 3]);
        let sealed = fields.seal(place(EMAIL, 1), "minji@example.com").unwrap();
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut changed = sealed.clone();
                changed[at] ^= 1 << bit;
                assert_eq!(
                    fields.open(place(EMAIL, 1), &changed),
                    Err(CipherError),
                    "bit {bit} of byte {at}"
                );
            }
            assert_eq!(fields.open(place(EMAIL, 1), &sealed[..at]), Err(CipherError), "cut to {at}");
        }
        assert_eq!(fields.open(place(EMAIL, 1), &[&sealed[..], &[0]].concat()), Err(CipherError));
    }

    #[test]
    fn a_value_of_an_older_key_opens_until_that_key_is_gone() {
        let sealed = fields(1, &[1]).seal(place(EMAIL, 1), "old").unwrap();
        let rotated = fields(2, &[1, 2]);
        assert_eq!(rotated.open(place(EMAIL, 1), &sealed).unwrap(), "old");
        assert_eq!(rotated.seal(place(EMAIL, 1), "new").unwrap()[..5], [1, 0, 0, 0, 2]);
        assert_eq!(fields(2, &[2]).open(place(EMAIL, 1), &sealed), Err(CipherError));
    }

    #[test]
    fn a_value_names_its_key() {
        let sealed = fields(7, &[7]).seal(place(EMAIL, 1), "minji").unwrap();
        // Whether or not the key is there.
        for fields in [fields(7, &[7]), fields(1, &[1])] {
            assert_eq!(fields.key_of(&sealed), Ok(7));
            assert_eq!(fields.key_of(&sealed[..28]), Err(CipherError));
            assert_eq!(fields.key_of(&[&[2], &sealed[1..]].concat()), Err(CipherError));
        }
    }

    fn ring(current: u32, ids: &[u8]) -> KeyRing {
        KeyRing::new(current, ids.iter().map(|&id| (u32::from(id), SecretKey::new([id; 32])))).unwrap()
    }

    #[test]
    fn a_ring_that_is_learnt_seals_and_opens_from_then_on() {
        let learning = fields(1, &[1]);
        let old = learning.seal(place(EMAIL, 1), "old").unwrap();
        learning.learn(&ring(2, &[1, 2]));
        assert_eq!(learning.open(place(EMAIL, 1), &old).unwrap(), "old");
        let new = learning.seal(place(EMAIL, 1), "new").unwrap();
        assert_eq!(learning.key_of(&new), Ok(2));
        learning.learn(&ring(2, &[2]));
        assert_eq!(learning.open(place(EMAIL, 1), &new).unwrap(), "new");
        assert_eq!(learning.open(place(EMAIL, 1), &old), Err(CipherError));
    }

    #[test]
    fn a_key_that_is_not_there_is_asked_for_once() {
        let asked = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&asked);
        let asking = fields(1, &[1]).with_source(Box::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Some(ring(2, &[1, 2]))
        }));
        let theirs = fields(2, &[2]);
        for text in ["one", "two"] {
            let sealed = theirs.seal(place(EMAIL, 1), text).unwrap();
            assert_eq!(asking.open(place(EMAIL, 1), &sealed).unwrap(), text);
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        asking.renew();
        assert_eq!(asked.load(Ordering::Relaxed), 2, "and whenever somebody wants it");
        // What it then has seals, too.
        assert_eq!(asking.key_of(&asking.seal(place(EMAIL, 1), "three").unwrap()), Ok(2));

        let lost = fields(9, &[9]).seal(place(EMAIL, 1), "lost").unwrap();
        assert_eq!(asking.open(place(EMAIL, 1), &lost), Err(CipherError));
        let nobody = fields(1, &[1]).with_source(Box::new(|| None));
        assert_eq!(nobody.open(place(EMAIL, 1), &lost), Err(CipherError));
        assert_eq!(nobody.key_of(&nobody.seal(place(EMAIL, 1), "still").unwrap()), Ok(1));
    }

    #[test]
    fn another_key_of_the_same_id_does_not_open() {
        let sealed = fields(1, &[1]).seal(place(EMAIL, 1), "mine").unwrap();
        let keys = FieldKeys {
            ring: KeyRing::new(1, [(1, SecretKey::new([0xEE; 32]))]).unwrap(),
            lookup: SecretKey::new([9; 32]),
        };
        let theirs = SealedFields::new(&keys, Arc::new(SystemEntropy));
        assert_eq!(theirs.open(place(EMAIL, 1), &sealed), Err(CipherError));
    }

    #[test]
    fn the_lookup_is_the_keyed_hash_of_the_address() {
        let minji: Email = "minji@example.com".parse().unwrap();
        let lookup = fields(1, &[1]).email_lookup(&minji);
        // Computed with Python's hmac.
        assert_eq!(BASE64_STANDARD.encode(lookup.0), "fgpZYNAInC/Eop8h5UA2ZhuTlGNCGEni9WYYLbp/8dk=");
        assert_eq!(lookup, fields(2, &[1, 2]).email_lookup(&"MINJI@example.com".parse().unwrap()));
        assert_ne!(lookup, fields(1, &[1]).email_lookup(&"minjy@example.com".parse().unwrap()));
    }

    #[test]
    fn debug_output_shows_no_key() {
        assert_eq!(format!("{:?}", fields(2, &[1, 2])), "SealedFields { current: 2, .. }");
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in "\\PC*", user: u128) {
            let fields = fields(1, &[1]);
            let sealed = fields.seal(place(EMAIL, user), &text).unwrap();
            prop_assert_eq!(fields.open(place(EMAIL, user), &sealed), Ok(text));
        }

        #[test]
        fn no_bytes_open_by_chance_or_panic(sealed: Vec<u8>, with_header: bool) {
            let sealed = if with_header { [&[1, 0, 0, 0, 1], &sealed[..]].concat() } else { sealed };
            prop_assert_eq!(fields(1, &[1]).open(place(EMAIL, 1), &sealed), Err(CipherError));
        }
    }
}
