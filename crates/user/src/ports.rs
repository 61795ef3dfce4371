//! What the context needs from the outside besides a storage.

use jangteo_shared_kernel::{Cause, RefreshFamilyId, Timestamp, UserId};

use crate::{Email, Password, PasswordHash, Role};

/// Hashes passwords: slow on purpose, so an implementation MUST NOT run on the caller's thread and MUST bound
/// how many run at once, and how many wait for that: beyond it the cause is [`HasherBusy`].
pub trait PasswordHasher: Send + Sync {
    /// A hash under the current parameters, with a new salt.
    fn hash_password(&self, password: Password) -> impl Future<Output = Result<PasswordHash, Cause>> + Send;

    /// Compares a claimed password with a hash. Without a hash (no such account) it MUST do the same work and
    /// answer [`PasswordVerdict::Wrong`], so that time tells nobody which accounts exist.
    fn verify_password(
        &self,
        claimed: Password,
        hash: Option<PasswordHash>,
    ) -> impl Future<Output = Result<PasswordVerdict, Cause>> + Send;
}

/// More passwords wait to be hashed than anybody would wait for. Nothing was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords wait to be hashed")]
pub struct HasherBusy;

/// What comparing a password with a hash showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordVerdict {
    /// It is the password.
    Right,
    /// It is the password, but the hash was made with other parameters than today's: hash again.
    RightButOutdated,
    /// It is not.
    Wrong,
}

/// Where a sealed value stands. A sealed value opens only at its own place, so it cannot be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldPlace {
    /// The table and column, such as `users.email`.
    pub column: &'static str,
    /// The row.
    pub user: UserId,
}

/// The keyed hash of an e-mail address, by which an account is found without the address in the clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailLookup(pub [u8; 32]);

/// A sealed value could not be opened: another key, another place, or altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed field does not open with the keys at hand")]
pub struct CipherError;

/// Seals personal data for a storage (ADR-027). A sealed value names the key that it was sealed with.
pub trait FieldCipher: Send + Sync {
    /// Seals a value for one place. The same value sealed twice gives different bytes.
    fn seal(&self, place: FieldPlace, clear: &str) -> Result<Vec<u8>, CipherError>;

    /// Opens a value at the place that it was sealed for.
    fn open(&self, place: FieldPlace, sealed: &[u8]) -> Result<String, CipherError>;

    /// The id of the key that a sealed value names, whether or not that key is at hand.
    fn key_of(&self, sealed: &[u8]) -> Result<u32, CipherError>;

    /// The keyed hash of an address: equal for equal addresses, and of no use without the key.
    fn email_lookup(&self, email: &Email) -> EmailLookup;
}

/// What an access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessClaims {
    /// Who holds it.
    pub user: UserId,
    /// The log-in that it belongs to.
    pub family: RefreshFamilyId,
    /// The role at the time of signing.
    pub role: Role,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// From then on it is worthless.
    pub expires_at: Timestamp,
}

/// The token is forged, altered, expired or not one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the access token is not valid")]
pub struct InvalidAccessToken;

/// Signs and verifies access tokens.
pub trait AccessTokens: Send + Sync {
    /// A token that says this.
    fn sign(&self, claims: &AccessClaims) -> Result<String, Cause>;

    /// What a token says, if it is ours and still holds at `now`. The algorithm MUST be pinned.
    fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, InvalidAccessToken>;
}
