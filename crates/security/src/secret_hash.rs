//! Hashes of refresh secrets.

use jangteo_user::{RefreshSecret, SecretHash, SecretHasher};
use sha2::{Digest, Sha256};

/// Hashes refresh secrets with SHA-256. They are 32 random bytes, so nobody guesses them, and neither a salt nor a
/// slow hash would add anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sha256Secrets;

impl SecretHasher for Sha256Secrets {
    fn hash_secret(&self, secret: &RefreshSecret) -> SecretHash {
        SecretHash(Sha256::digest(secret.expose()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_sha_256() {
        let hash = Sha256Secrets.hash_secret(&RefreshSecret::new([0; 32]));
        // What `head -c 32 /dev/zero | sha256sum` prints.
        let expected = [
            0x66, 0x68, 0x7a, 0xad, 0xf8, 0x62, 0xbd, 0x77, 0x6c, 0x8f, 0xc1, 0x8b, 0x8e, 0x9f, 0x8e, 0x20,
            0x08, 0x97, 0x14, 0x85, 0x6e, 0xe2, 0x33, 0xb3, 0x90, 0x2a, 0x59, 0x1d, 0x0d, 0x5f, 0x29, 0x25,
        ];
        assert_eq!(hash, SecretHash(expected));
        assert_ne!(hash, Sha256Secrets.hash_secret(&RefreshSecret::new([1; 32])));
    }
}
