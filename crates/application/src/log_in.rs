//! Logging in: the password is compared outside any transaction, the session starts inside one.

use std::collections::BTreeSet;

use jangteo_shared_kernel::{StorageError, UnitOfWork};
use jangteo_user::{
    Email, Password, PasswordHash, PasswordHasher, PasswordVerdict, RefreshFamily, RefreshFamilyRepository,
    User, UserQueries, UserRepository, UserState,
};

use crate::changed::changed;
use crate::sessions::{SessionError, SessionTokens, Sessions};
use crate::{SetUseCase, submit};

/// The address or the password is wrong; nobody is told which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the e-mail address or the password is wrong")]
pub struct InvalidCredentials;

impl<H: PasswordHasher> Sessions<H> {
    /// Starts a log-in. A wrong password and an unknown address answer alike and take alike long.
    pub async fn log_in<S>(
        &self,
        storage: &S,
        email: Option<&Email>,
        claimed: Password,
    ) -> Result<SessionTokens, SessionError<InvalidCredentials>>
    where
        S: UnitOfWork + UserQueries,
        S::Tx: UserRepository + RefreshFamilyRepository,
    {
        let known = match email {
            Some(email) => storage.find_password(email).await?,
            None => None,
        };
        let hash = known.as_ref().map(|known| known.hash.clone());
        let verdict = self.passwords.verify_password(claimed.clone(), hash).await;
        let rehashed = match verdict.map_err(SessionError::Credential)? {
            PasswordVerdict::Wrong => return Err(SessionError::Refused(InvalidCredentials)),
            PasswordVerdict::Right => None,
            PasswordVerdict::RightButOutdated => {
                Some(self.passwords.hash_password(claimed).await.map_err(SessionError::Credential)?)
            }
        };
        let Some(known) = known else {
            return Err(SessionError::Refused(InvalidCredentials));
        };
        let now = self.sources.now();
        let (family, token) = self.new_family(known.user, now);
        let start = StartSession { family, verified: known.hash, rehashed };
        let user =
            submit(storage, &StartSessions, &self.sources, start).await?.map_err(SessionError::Refused)?;
        self.tokens((user.id, user.role), token, now).map_err(SessionError::Credential)
    }
}

/// A log-in whose password was right a moment ago.
struct StartSession {
    family: RefreshFamily,
    /// The hash that the password was compared with.
    verified: PasswordHash,
    /// The same password under today's parameters, if they have changed.
    rehashed: Option<PasswordHash>,
}

/// Starts sessions, unless the password or the account has changed since it was compared.
struct StartSessions;

impl<Tx> SetUseCase<Tx> for StartSessions
where
    Tx: UserRepository + RefreshFamilyRepository,
{
    type Command = StartSession;
    type Verdict = Result<User, InvalidCredentials>;

    async fn decide(
        &self,
        tx: &mut Tx,
        commands: &[StartSession],
    ) -> Result<Vec<Self::Verdict>, StorageError> {
        let mut users = tx.lock_users(&commands.iter().map(|command| command.family.user).collect()).await?;
        let (mut families, mut rehashed) = (Vec::new(), BTreeSet::new());
        let verdicts = commands
            .iter()
            .map(|command| {
                let user = users.get_mut(&command.family.user).ok_or(InvalidCredentials)?;
                if password_of(user) != Some(&command.verified) {
                    return Err(InvalidCredentials);
                }
                if let Some(hash) = &command.rehashed {
                    user.change_password(hash.clone());
                    rehashed.insert(user.id);
                }
                families.push(command.family.clone());
                Ok(user.clone())
            })
            .collect();
        if !rehashed.is_empty() {
            tx.save_users(&changed(&users, &rehashed)).await?;
        }
        if !families.is_empty() {
            tx.insert_refresh_families(&families).await?;
        }
        Ok(verdicts)
    }
}

pub(crate) const fn password_of(user: &User) -> Option<&PasswordHash> {
    match &user.state {
        UserState::Active { password_hash, .. } => Some(password_hash),
        UserState::Deleted { .. } => None,
    }
}
