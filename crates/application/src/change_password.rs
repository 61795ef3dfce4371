//! Changing a password ends every other log-in of the account.

use std::collections::BTreeSet;

use jangteo_shared_kernel::{RefreshFamilyId, StorageError, UnitOfWork, UserId};
use jangteo_user::{
    Password, PasswordHash, PasswordHasher, PasswordVerdict, RefreshFamilyRepository, UserQueries,
    UserRepository,
};

use crate::changed::changed;
use crate::log_in::{InvalidCredentials, password_of};
use crate::refresh_sessions::end;
use crate::sessions::{SessionError, Sessions};
use crate::{SetUseCase, Sources, submit};

impl<H: PasswordHasher> Sessions<H> {
    /// Changes the password of whoever holds the log-in `keep`, which goes on; all their others end.
    pub async fn change_password<S>(
        &self,
        storage: &S,
        (user, keep): (UserId, RefreshFamilyId),
        claimed: Password,
        new: Password,
    ) -> Result<(), SessionError<InvalidCredentials>>
    where
        S: UnitOfWork + UserQueries,
        S::Tx: UserRepository + RefreshFamilyRepository,
    {
        let account = storage.find_user(user).await?;
        let known = account.as_ref().and_then(password_of).cloned();
        let verdict =
            self.passwords.verify_password(claimed, known.clone()).await.map_err(SessionError::Credential)?;
        let (PasswordVerdict::Right | PasswordVerdict::RightButOutdated, Some(verified)) = (verdict, known)
        else {
            return Err(SessionError::Refused(InvalidCredentials));
        };
        let new = self.passwords.hash_password(new).await.map_err(SessionError::Credential)?;
        let change = ChangePassword { user, keep, verified, new };
        let changes = ChangePasswords { sources: self.sources.clone() };
        submit(storage, &changes, &self.sources, change).await?.map_err(SessionError::Refused)
    }
}

/// A change whose current password was right a moment ago.
struct ChangePassword {
    user: UserId,
    keep: RefreshFamilyId,
    /// The hash that the current password was compared with.
    verified: PasswordHash,
    new: PasswordHash,
}

struct ChangePasswords {
    sources: Sources,
}

impl<Tx> SetUseCase<Tx> for ChangePasswords
where
    Tx: UserRepository + RefreshFamilyRepository,
{
    type Command = ChangePassword;
    type Verdict = Result<(), InvalidCredentials>;

    async fn decide(
        &self,
        tx: &mut Tx,
        commands: &[ChangePassword],
    ) -> Result<Vec<Self::Verdict>, StorageError> {
        let mut users = tx.lock_users(&commands.iter().map(|command| command.user).collect()).await?;
        let (mut accepted, mut keep) = (BTreeSet::new(), BTreeSet::new());
        let verdicts: Vec<Self::Verdict> = commands
            .iter()
            .map(|command| {
                // Somebody else may have changed the password, or deleted the account, since it was compared.
                let user =
                    users.get_mut(&command.user).filter(|user| password_of(user) == Some(&command.verified));
                user.ok_or(InvalidCredentials)?.change_password(command.new.clone());
                accepted.insert(command.user);
                keep.insert(command.keep);
                Ok(())
            })
            .collect();
        if !accepted.is_empty() {
            let mut others = tx.lock_open_refresh_families_of(&accepted).await?;
            others.retain(|family| !keep.contains(&family.id));
            end(tx, others, self.sources.now()).await?;
            tx.save_users(&changed(&users, &accepted)).await?;
        }
        Ok(verdicts)
    }
}
