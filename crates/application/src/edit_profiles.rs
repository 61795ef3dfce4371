//! Editing one's own profile.

use std::collections::BTreeSet;

use jangteo_shared_kernel::{StorageError, UserId};
use jangteo_user::{ProfileEdit, User, UserRepository};

use crate::SetUseCase;
use crate::changed::changed;

/// Somebody edits their profile.
#[derive(Debug, Clone)]
pub struct EditProfile {
    /// Who.
    pub user: UserId,
    /// How.
    pub edit: ProfileEdit,
}

/// The account was deleted meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such account")]
pub struct AccountNotFound;

/// Edits profiles.
#[derive(Debug, Clone, Copy)]
pub struct EditProfiles;

impl<Tx: UserRepository> SetUseCase<Tx> for EditProfiles {
    type Command = EditProfile;
    type Verdict = Result<User, AccountNotFound>;

    async fn decide(
        &self,
        tx: &mut Tx,
        commands: &[EditProfile],
    ) -> Result<Vec<Self::Verdict>, StorageError> {
        let mut users = tx.lock_users(&commands.iter().map(|command| command.user).collect()).await?;
        let mut edited = BTreeSet::new();
        let verdicts = commands
            .iter()
            .map(|command| {
                let user = users.get_mut(&command.user).ok_or(AccountNotFound)?;
                if !user.edit_profile(command.edit.clone()) {
                    return Err(AccountNotFound);
                }
                edited.insert(user.id);
                Ok(user.clone())
            })
            .collect();
        if !edited.is_empty() {
            tx.save_users(&changed(&users, &edited)).await?;
        }
        Ok(verdicts)
    }
}
