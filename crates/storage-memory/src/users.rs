//! Accounts.

use std::collections::BTreeSet;

use jangteo_shared_kernel::{Page, PageRequest, StorageError, Timestamp, UserId};
use jangteo_user::{
    Accounts, Email, KnownPassword, SealedAccount, SealedAccountQueries, Session, SessionStanding, User,
    UserFilter, UserPosition, UserQueries, UserRepository, UserState,
};

use crate::list::page;
use crate::unique::Unique;
use crate::{MemoryStorage, MemoryTransaction};

fn email(user: &User) -> Option<&Email> {
    user.profile().map(|profile| &profile.email)
}

fn address_key(user: &User) -> Option<Unique> {
    email(user).map(Unique::living_email)
}

impl UserRepository for MemoryTransaction {
    async fn lock_users(&mut self, ids: &BTreeSet<UserId>) -> Result<Accounts, StorageError> {
        self.users.lock(&self.shared, |state| &state.users, ids).await
    }

    async fn find_users_by_email(&mut self, emails: &[Email]) -> Result<Vec<User>, StorageError> {
        let state = self.shared.state();
        let wanted = |user: &User| email(user).is_some_and(|address| emails.contains(address));
        Ok(self
            .users
            .rows(&state.users)
            .filter(|(_, user)| wanted(user))
            .map(|(_, user)| user.clone())
            .collect())
    }

    async fn insert_users(&mut self, new: &[User]) -> Result<(), StorageError> {
        let state = self.shared.state();
        self.claims.take(&state.unique, new.iter().filter_map(address_key).collect())?;
        self.users.insert(&state.users, new.iter().map(|user| (user.id, user.clone())))
    }

    async fn save_users(&mut self, changed: &[User]) -> Result<(), StorageError> {
        let state = self.shared.state();
        self.users.check_held(changed.iter().map(|user| &user.id))?;
        for user in changed {
            let before = self.users.get(&state.users, &user.id).and_then(address_key);
            let after = address_key(user);
            if before != after {
                if let Some(key) = before {
                    self.claims.release(key);
                }
                self.claims.take(&state.unique, after.into_iter().collect())?;
            }
            self.users.change(&state.users, &user.id, |row| row.clone_from(user));
        }
        Ok(())
    }
}

impl UserQueries for MemoryStorage {
    async fn find_user(&self, id: UserId) -> Result<Option<User>, StorageError> {
        Ok(self.shared.state().users.get(&id).cloned())
    }

    async fn find_user_by_address(&self, address: &Email) -> Result<Option<User>, StorageError> {
        Ok(self.shared.state().users.values().find(|user| email(user) == Some(address)).cloned())
    }

    async fn find_password(&self, address: &Email) -> Result<Option<KnownPassword>, StorageError> {
        let user = self.find_user_by_address(address).await?;
        Ok(user.and_then(|user| match user.state {
            UserState::Active { password_hash: hash, .. } => Some(KnownPassword { user: user.id, hash }),
            UserState::Deleted { .. } => None,
        }))
    }

    async fn session_standings(
        &self,
        sessions: &[Session],
        now: Timestamp,
    ) -> Result<Vec<Option<SessionStanding>>, StorageError> {
        let state = self.shared.state();
        let standing = |session: &Session| {
            let account = state.users.get(&session.user).filter(|user| user.is_active())?;
            let family = state.refresh_families.get(&session.family)?;
            let stands = family.user == session.user && family.ended_at.is_none() && now < family.expires_at;
            stands.then_some(SessionStanding { role: account.role })
        };
        Ok(sessions.iter().map(standing).collect())
    }

    async fn list_users(
        &self,
        filter: &UserFilter,
        request: &PageRequest<UserPosition>,
    ) -> Result<Page<User, UserPosition>, StorageError> {
        let state = self.shared.state();
        let shown = |user: &&User| {
            user.is_active()
                && filter.role.is_none_or(|role| user.role == role)
                && filter.email.as_ref().is_none_or(|address| email(user) == Some(address))
        };
        let position = |user: &User| UserPosition { created_at: user.created_at, id: user.id };
        Ok(page(state.users.values().filter(shown), request, position, |a, b| {
            (b.created_at, b.id).cmp(&(a.created_at, a.id))
        }))
    }
}

impl SealedAccountQueries for MemoryStorage {
    async fn list_sealed_accounts(
        &self,
        after: Option<UserId>,
        most: u32,
    ) -> Result<Vec<SealedAccount>, StorageError> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let state = self.shared.state();
        let behind = state.users.values().filter(|user| user.is_active() && Some(user.id) > after);
        // Nothing is sealed here.
        let sealed = |user: &User| SealedAccount { user: user.id, keys: BTreeSet::new() };
        Ok(behind.take(most).map(sealed).collect())
    }
}
