//! Log-ins and the refresh tokens that descend from them (ADR-029).

use std::fmt;

use jangteo_shared_kernel::{RefreshFamilyId, Timestamp, UserId};
use zeroize::Zeroize;

/// The secret half of a refresh token: 32 random bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshSecret([u8; 32]);

/// The hash of a [`RefreshSecret`], which is all that a storage sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretHash(pub [u8; 32]);

/// Hashes refresh secrets. They are random and long, so a fast hash (SHA-256) does.
pub trait SecretHasher: Send + Sync {
    /// The hash of a secret.
    fn hash_secret(&self, secret: &RefreshSecret) -> SecretHash;
}

/// What a client holds: which family, and the secret of its latest token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// The log-in that it descends from.
    pub family: RefreshFamilyId,
    /// What proves that this is the latest token of it.
    pub secret: RefreshSecret,
}

impl RefreshSecret {
    /// A secret from 32 bytes of [`jangteo_shared_kernel::Entropy`], or as a client sent it.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for a hasher and for the answer to the client.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Drop for RefreshSecret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for RefreshSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshSecret(…)")
    }
}

/// A log-in: one chain of refresh tokens, of which only the latest works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshFamily {
    /// Names the log-in; an access token carries it too.
    pub id: RefreshFamilyId,
    /// Whose log-in this is.
    pub user: UserId,
    /// The hash of the latest token's secret.
    pub current: SecretHash,
    /// When the log-in happened.
    pub created_at: Timestamp,
    /// From then on the latest token no longer works.
    pub expires_at: Timestamp,
    /// When the log-in ended, if it did.
    pub ended_at: Option<Timestamp>,
}

/// Why a refresh token gives no new one. The client is told the same for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefreshRefusal {
    /// The log-in ended: by log-out, a changed password, a deleted account or a reused token.
    #[error("the session has ended")]
    Ended,
    /// The token is too old.
    #[error("the refresh token has expired")]
    Expired,
    /// The token was used before. The family has been ended by this refusal and MUST be saved.
    #[error("the refresh token was used before")]
    Reused {
        /// Whose log-in that was.
        user: UserId,
    },
}

impl RefreshFamily {
    /// Exchanges the latest token for a new one. A token that is not the latest was copied by somebody, and
    /// nobody knows which holder is the thief: the family ends.
    pub fn rotate(
        &mut self,
        shown: SecretHash,
        next: SecretHash,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), RefreshRefusal> {
        if self.ended_at.is_some() {
            return Err(RefreshRefusal::Ended);
        }
        if shown != self.current {
            self.end(now);
            return Err(RefreshRefusal::Reused { user: self.user });
        }
        if self.expires_at <= now {
            return Err(RefreshRefusal::Expired);
        }
        self.current = next;
        self.expires_at = expires_at;
        Ok(())
    }

    /// Ends the log-in; again changes nothing.
    pub fn end(&mut self, now: Timestamp) {
        self.ended_at.get_or_insert(now);
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    fn hash(n: u8) -> SecretHash {
        SecretHash([n; 32])
    }

    fn family() -> RefreshFamily {
        RefreshFamily {
            id: "01900000-0000-7000-8000-000000000001".parse().unwrap(),
            user: "01900000-0000-7000-8000-000000000002".parse().unwrap(),
            current: hash(1),
            created_at: DateTime::UNIX_EPOCH,
            expires_at: DateTime::UNIX_EPOCH + TimeDelta::days(30),
            ended_at: None,
        }
    }

    #[test]
    fn each_token_works_once_and_a_second_use_ends_the_family() {
        let mut family = family();
        let (now, later) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH + TimeDelta::days(31));
        assert_eq!(family.rotate(hash(1), hash(2), later, now), Ok(()));
        let reused = RefreshRefusal::Reused { user: family.user };
        assert_eq!(family.rotate(hash(1), hash(3), later, now), Err(reused));
        assert_eq!(family.rotate(hash(2), hash(3), later, now), Err(RefreshRefusal::Ended));
    }

    #[test]
    fn a_token_works_until_just_before_its_expiry() {
        let end = family().expires_at;
        assert_eq!(family().rotate(hash(1), hash(2), end, end), Err(RefreshRefusal::Expired));
        assert_eq!(family().rotate(hash(1), hash(2), end, end - TimeDelta::milliseconds(1)), Ok(()));
    }
}
