//! The seal on the cursors of lists.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::Mac;

use crate::SecretKey;
use crate::mac::{HmacSha256, hmac_sha256};

const TAG: usize = 16;

/// Signs the positions that clients carry from page to page, and binds them to their list (ADR-030).
///
/// A cursor is base64url, without padding, of a tag and the payload. The tag is HMAC-SHA256, cut to 16 bytes, over
/// the length of the scope, the scope and the payload. The payload is not hidden.
pub struct CursorSeal(HmacSha256);

impl CursorSeal {
    /// The longest cursor that is looked at: 4 KiB. The longest position there is, the name of a product with 200
    /// characters of three code points and four bytes each, needs 3.3 KiB.
    pub const MAX_TEXT: usize = 4096;

    /// The longest payload whose cursor opens again.
    pub const MAX_PAYLOAD: usize = Self::MAX_TEXT / 4 * 3 - TAG;

    /// A seal with this key. Instances that share a load share the key.
    #[must_use]
    pub fn new(key: &SecretKey) -> Self {
        Self(hmac_sha256(key))
    }

    /// A cursor with this payload, for a list with its filters and its order. It opens again if the payload is no
    /// longer than [`CursorSeal::MAX_PAYLOAD`].
    #[must_use]
    pub fn seal(&self, scope: &str, payload: &[u8]) -> String {
        let tag = self.mac(scope, payload).finalize().into_bytes();
        BASE64_URL_SAFE_NO_PAD.encode([&tag[..TAG], payload].concat())
    }

    /// The payload of a cursor that this key sealed for this scope.
    #[must_use]
    pub fn open(&self, scope: &str, text: &str) -> Option<Vec<u8>> {
        if text.len() > Self::MAX_TEXT {
            return None;
        }
        let mut payload = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let tag: [u8; TAG] = *payload.first_chunk()?;
        payload.drain(..TAG);
        self.mac(scope, &payload).verify_truncated_left(&tag).ok()?;
        Some(payload)
    }

    fn mac(&self, scope: &str, payload: &[u8]) -> HmacSha256 {
        // The length keeps what ends the scope and what starts the payload apart.
        self.0
            .clone()
            .chain_update((scope.len() as u64).to_be_bytes())
            .chain_update(scope)
            .chain_update(payload)
    }
}

impl fmt::Debug for CursorSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CursorSeal(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seal() -> CursorSeal {
        CursorSeal::new(&SecretKey::new([1; 32]))
    }

    #[test]
    fn is_the_documented_construction() {
        // Computed with Python's hmac and base64.
        assert_eq!(seal().seal("products", b"page"), "JGmAccFmTJZniEZU8bPTIXBhZ2U");
    }

    #[test]
    fn opens_the_longest_payload_and_refuses_a_longer_text() {
        let longest = seal().seal("list", &[b'x'; CursorSeal::MAX_PAYLOAD]);
        assert_eq!(longest.len(), CursorSeal::MAX_TEXT);
        assert_eq!(seal().open("list", &longest), Some(vec![b'x'; CursorSeal::MAX_PAYLOAD]));
        let longer = seal().seal("list", &[b'x'; CursorSeal::MAX_PAYLOAD + 1]);
        assert_eq!(seal().open("list", &longer), None);
    }

    #[test]
    fn the_longest_name_of_a_product_fits() {
        // U+1D160 becomes three code points of four bytes in NFC.
        let id = "01900000-0000-7000-8000-000000000001";
        let position =
            format!(r#"{{"Name":{{"key":"{}","id":"{id}"}}}}"#, "\u{1D158}\u{1D165}\u{1D16E}".repeat(200));
        assert!(position.len() <= CursorSeal::MAX_PAYLOAD, "{}", position.len());
    }

    #[test]
    fn refuses_another_scope_even_if_the_bytes_run_together_alike() {
        let cursor = seal().seal("orders?user=1", b"23");
        assert!(seal().open("orders?user=1", &cursor).is_some());
        assert_eq!(seal().open("orders?user=12", &cursor), None);
        assert_eq!(seal().open("orders", &cursor), None);
        assert_ne!(seal().seal("ab", b"c"), seal().seal("a", b"bc"));
    }

    #[test]
    fn refuses_another_key_and_what_is_no_cursor() {
        let cursor = seal().seal("list", b"position");
        assert_eq!(CursorSeal::new(&SecretKey::new([2; 32])).open("list", &cursor), None);
        let without_payload = seal().seal("list", b"");
        assert_eq!(seal().open("list", &without_payload), Some(vec![]));
        for bad in ["", "a", "====", "한글", &cursor[1..], &format!("{cursor}="), &without_payload[1..]] {
            assert_eq!(seal().open("list", bad), None, "{bad:?}");
        }
    }

    #[test]
    fn debug_output_shows_no_key() {
        assert_eq!(format!("{:?}", seal()), "CursorSeal(…)");
    }

    proptest! {
        #[test]
        fn every_payload_comes_back(scope in "\\PC*", payload: Vec<u8>) {
            let cursor = seal().seal(&scope, &payload);
            prop_assert_eq!(seal().open(&scope, &cursor), Some(payload));
        }

        #[test]
        fn no_character_can_be_changed(
            payload in prop::collection::vec(any::<u8>(), 0..80),
            at: prop::sample::Index,
            to in "[A-Za-z0-9_-]",
        ) {
            let cursor = seal().seal("list", &payload);
            let at = at.index(cursor.len());
            let mut changed = cursor.clone();
            changed.replace_range(at..=at, &to);
            prop_assume!(changed != cursor);
            prop_assert_eq!(seal().open("list", &changed), None);
        }
    }
}
