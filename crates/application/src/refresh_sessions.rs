//! Continuing and ending log-ins.

use jangteo_shared_kernel::{RefreshFamilyId, StorageError, Timestamp, UnitOfWork, UserId};
use jangteo_user::{
    RefreshFamily, RefreshFamilyRepository, RefreshRefusal, RefreshToken, SecretHash, UserQueries,
};

use crate::sessions::{SessionError, SessionPolicy, SessionTokens, Sessions};
use crate::{SetUseCase, Sources, submit};

impl<H: Send + Sync> Sessions<H> {
    /// Exchanges a refresh token for the next pair. One that was used before ends its whole family.
    pub async fn refresh<S>(
        &self,
        storage: &S,
        shown: &RefreshToken,
    ) -> Result<SessionTokens, SessionError<RefreshRefusal>>
    where
        S: UnitOfWork + UserQueries,
        S::Tx: RefreshFamilyRepository,
    {
        let next = self.new_token(shown.family);
        let rotation = Rotation {
            family: shown.family,
            shown: self.secrets.hash_secret(&shown.secret),
            next: self.secrets.hash_secret(&next.secret),
        };
        let rotate = RotateSessions { sources: self.sources.clone(), policy: self.policy };
        let owner =
            submit(storage, &rotate, &self.sources, rotation).await?.map_err(SessionError::Refused)?;
        // Deleting an account ends its log-ins, so a family that could be rotated has a living owner.
        let user = storage.find_user(owner).await?.ok_or(SessionError::Refused(RefreshRefusal::Ended))?;
        self.tokens((user.id, user.role), next, self.sources.now()).map_err(SessionError::Credential)
    }

    /// Ends the log-in that a refresh token belongs to, whichever of its tokens that is; nobody's ends nothing.
    pub async fn log_out<S>(&self, storage: &S, shown: &RefreshToken) -> Result<(), StorageError>
    where
        S: UnitOfWork,
        S::Tx: RefreshFamilyRepository,
    {
        submit(storage, &EndSessions { sources: self.sources.clone() }, &self.sources, shown.family).await
    }
}

/// A refresh token that is shown for the next.
struct Rotation {
    family: RefreshFamilyId,
    shown: SecretHash,
    next: SecretHash,
}

struct RotateSessions {
    sources: Sources,
    policy: SessionPolicy,
}

impl<Tx: RefreshFamilyRepository> SetUseCase<Tx> for RotateSessions {
    type Command = Rotation;
    type Verdict = Result<UserId, RefreshRefusal>;

    async fn decide(&self, tx: &mut Tx, commands: &[Rotation]) -> Result<Vec<Self::Verdict>, StorageError> {
        let wanted = commands.iter().map(|command| command.family).collect();
        let mut families = tx.lock_refresh_families(&wanted).await?;
        let now = self.sources.now();
        let verdicts = commands
            .iter()
            .map(|command| {
                let family = families.get_mut(&command.family).ok_or(RefreshRefusal::Ended)?;
                let longest = family.created_at + self.policy.max_lifetime;
                let expires_at = longest.min(now + self.policy.refresh_lifetime);
                family.rotate(command.shown, command.next, expires_at, now)?;
                Ok(family.user)
            })
            .collect();
        // A refused reuse ends the family, so all are saved.
        save(tx, families.into_values().collect()).await?;
        Ok(verdicts)
    }
}

struct EndSessions {
    sources: Sources,
}

impl<Tx: RefreshFamilyRepository> SetUseCase<Tx> for EndSessions {
    type Command = RefreshFamilyId;
    type Verdict = ();

    async fn decide(&self, tx: &mut Tx, commands: &[RefreshFamilyId]) -> Result<Vec<()>, StorageError> {
        let families = tx.lock_refresh_families(&commands.iter().copied().collect()).await?;
        end(tx, families.into_values().collect(), self.sources.now()).await?;
        Ok(vec![(); commands.len()])
    }
}

/// Ends log-ins that are locked.
pub(crate) async fn end(
    tx: &mut impl RefreshFamilyRepository,
    mut families: Vec<RefreshFamily>,
    now: Timestamp,
) -> Result<(), StorageError> {
    for family in &mut families {
        family.end(now);
    }
    save(tx, families).await
}

async fn save(
    tx: &mut impl RefreshFamilyRepository,
    families: Vec<RefreshFamily>,
) -> Result<(), StorageError> {
    if families.is_empty() { Ok(()) } else { tx.save_refresh_families(&families).await }
}
