//! Making accounts, each with a point account of its own.

use std::collections::BTreeSet;

use jangteo_point::{PointAccount, PointRepository};
use jangteo_shared_kernel::{Currency, StorageError};
use jangteo_user::{Email, PasswordHash, Profile, Role, User, UserRepository};
use serde_json::json;

use crate::outbox::{event, tell};
use crate::{Aggregate, EventKind, Outbox, SetUseCase, Sources};

/// Somebody signs up. The password was hashed before, outside any transaction: that is slow on purpose.
#[derive(Debug, Clone)]
pub struct RegisterUser {
    /// Who.
    pub profile: Profile,
    /// What they may do.
    pub role: Role,
    /// The hash of their password.
    pub password_hash: PasswordHash,
}

/// A living account has this address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the e-mail address belongs to an account")]
pub struct EmailTaken;

/// Makes accounts.
#[derive(Debug, Clone)]
pub struct RegisterUsers {
    /// Time and chance.
    pub sources: Sources,
    /// What points are in.
    pub currency: Currency,
}

impl<Tx> SetUseCase<Tx> for RegisterUsers
where
    Tx: UserRepository + PointRepository + Outbox,
{
    type Command = RegisterUser;
    type Verdict = Result<User, EmailTaken>;

    async fn decide(
        &self,
        tx: &mut Tx,
        commands: &[RegisterUser],
    ) -> Result<Vec<Self::Verdict>, StorageError> {
        let now = self.sources.now();
        // There is no row to lock yet: the unique address decides a race, and the loser runs again and sees it.
        let emails: Vec<Email> = commands.iter().map(|command| command.profile.email.clone()).collect();
        let known = tx.find_users_by_email(&emails).await?;
        let mut taken: BTreeSet<&str> =
            known.iter().filter_map(User::profile).map(|profile| profile.email.as_str()).collect();
        let mut users = Vec::new();
        let verdicts = commands
            .iter()
            .map(|command| {
                if !taken.insert(command.profile.email.as_str()) {
                    return Err(EmailTaken);
                }
                let id = self.sources.id(now);
                let user = User::register(
                    id,
                    command.role,
                    command.profile.clone(),
                    command.password_hash.clone(),
                    now,
                );
                users.push(user.clone());
                Ok(user)
            })
            .collect();
        if !users.is_empty() {
            let accounts: Vec<_> =
                users.iter().map(|user| PointAccount::open(user.id, self.currency)).collect();
            tx.insert_users(&users).await?;
            tx.insert_point_accounts(&accounts).await?;
            let told = |user: &User| {
                let data = json!({ "role": user.role });
                event(
                    &self.sources,
                    now,
                    EventKind::UserRegistered,
                    (Aggregate::User, user.id, user.version),
                    data,
                )
            };
            tell(tx, users.iter().map(told).collect()).await?;
        }
        Ok(verdicts)
    }
}
