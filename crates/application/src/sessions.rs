//! Log-ins: what all use cases of sessions share (ADR-029).

use std::fmt;
use std::sync::Arc;

use chrono::TimeDelta;
use jangteo_shared_kernel::{Cause, RefreshFamilyId, StorageError, Timestamp, UserId};
use jangteo_user::{
    AccessClaims, AccessTokens, RefreshFamily, RefreshSecret, RefreshToken, Role, SecretHasher,
};

use crate::Sources;

/// How long tokens live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionPolicy {
    /// How long an access token holds.
    pub access_lifetime: TimeDelta,
    /// How long a refresh token can be exchanged.
    pub refresh_lifetime: TimeDelta,
    /// How long a log-in lasts, however often it is refreshed. It is not below `refresh_lifetime`.
    pub max_lifetime: TimeDelta,
}

/// What a log-in or a refresh gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionTokens {
    /// Whose log-in it is.
    pub user: UserId,
    /// Proves who calls, for a short while.
    pub access: String,
    /// How long it does.
    pub expires_in: TimeDelta,
    /// Is exchanged for the next pair, once.
    pub refresh: RefreshToken,
}

/// Starts, continues and ends log-ins.
///
/// `H` hashes passwords. Its methods are use cases of one command each: they span a slow hash and a transaction,
/// which never overlap.
#[derive(Clone)]
pub struct Sessions<H> {
    /// Time and chance.
    pub sources: Sources,
    /// How long tokens live.
    pub policy: SessionPolicy,
    /// Hashes and compares passwords.
    pub passwords: Arc<H>,
    /// Signs access tokens.
    pub access_tokens: Arc<dyn AccessTokens>,
    /// Hashes refresh secrets.
    pub secrets: Arc<dyn SecretHasher>,
}

/// Why a use case of sessions has no outcome: a refusal of its own, or a fault.
#[derive(Debug, thiserror::Error)]
pub enum SessionError<R> {
    /// It was refused.
    #[error("refused")]
    Refused(R),
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A hash or a signature could not be made.
    #[error("a credential could not be computed")]
    Credential(#[source] Cause),
}

impl<H> Sessions<H> {
    /// A new secret with its token.
    pub(crate) fn new_token(&self, family: RefreshFamilyId) -> RefreshToken {
        RefreshToken { family, secret: RefreshSecret::new(self.sources.random()) }
    }

    /// The family that a log-in starts, with its first token.
    pub(crate) fn new_family(&self, user: UserId, now: Timestamp) -> (RefreshFamily, RefreshToken) {
        let token = self.new_token(self.sources.id(now));
        let family = RefreshFamily {
            id: token.family,
            user,
            current: self.secrets.hash_secret(&token.secret),
            created_at: now,
            expires_at: now + self.policy.refresh_lifetime,
            ended_at: None,
        };
        (family, token)
    }

    /// The pair of tokens that the holder of a family gets.
    pub(crate) fn tokens(
        &self,
        (user, role): (UserId, Role),
        refresh: RefreshToken,
        now: Timestamp,
    ) -> Result<SessionTokens, Cause> {
        let claims = AccessClaims {
            user,
            family: refresh.family,
            role,
            issued_at: now,
            expires_at: now + self.policy.access_lifetime,
        };
        let access = self.access_tokens.sign(&claims)?;
        Ok(SessionTokens { user, access, expires_in: self.policy.access_lifetime, refresh })
    }
}

impl<H> fmt::Debug for Sessions<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("policy", &self.policy).finish_non_exhaustive()
    }
}
