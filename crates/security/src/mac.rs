//! HMAC-SHA256 under a key of this crate.

use hmac::{Hmac, KeyInit};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::SecretKey;

/// An HMAC with its key taken in; a clone of it starts a message. Wiped when dropped.
pub(crate) type HmacSha256 = Hmac<Sha256>;

pub(crate) fn hmac_sha256(key: &SecretKey) -> HmacSha256 {
    // HMAC fills a short key up to the block of its hash with zeros (RFC 2104). Done here, it cannot fail.
    let mut block = Zeroizing::new([0; 64]);
    block[..SecretKey::LENGTH].copy_from_slice(key.expose());
    HmacSha256::new((&*block).into())
}

#[cfg(test)]
mod tests {
    use hmac::Mac;

    use super::*;

    #[test]
    fn is_the_hmac_of_the_bare_key() {
        let bare = HmacSha256::new_from_slice(&[7; 32]).unwrap().chain_update("message").finalize();
        let ours = hmac_sha256(&SecretKey::new([7; 32])).chain_update("message").finalize();
        assert!(bare == ours);
    }
}
