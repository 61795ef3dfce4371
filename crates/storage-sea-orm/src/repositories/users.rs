//! Accounts inside a transaction.

use std::collections::BTreeSet;

use jangteo_shared_kernel::{StorageError, UserId};
use jangteo_user::{Accounts, Email, User, UserRepository};

use crate::SeaOrmTransaction;
use crate::entity::users;
use crate::entity::users::Column;
use crate::rows;
use crate::set::{InsertSet, SelectSet, UpdateSet};

static LOCK: SelectSet<users::Entity> = SelectSet::locking(&[Column::Id]);
/// Only living accounts have a hash of their address.
static FIND_BY_EMAIL: SelectSet<users::Entity> = SelectSet::by(&[Column::EmailLookup]);
static INSERT: InsertSet<users::Entity> = InsertSet::new();
static SAVE: UpdateSet<users::Entity> = UpdateSet::setting(&[
    Column::Role,
    Column::EmailSealed,
    Column::EmailLookup,
    Column::NameSealed,
    Column::PhoneSealed,
    Column::PasswordHash,
    Column::DeletedAt,
    Column::Version,
]);

impl SeaOrmTransaction {
    fn user_rows(&self, users: &[User]) -> Result<Vec<users::Model>, StorageError> {
        users.iter().map(|user| rows::users::row(user, &*self.cipher)).collect()
    }
}

impl UserRepository for SeaOrmTransaction {
    async fn lock_users(&mut self, ids: &BTreeSet<UserId>) -> Result<Accounts, StorageError> {
        let found = self.lane.select(&LOCK, rows::keys(ids)).await?;
        let users =
            found.into_iter().map(|row| rows::users::user(row, &*self.cipher).map(|user| (user.id, user)));
        users.collect()
    }

    async fn find_users_by_email(&mut self, emails: &[Email]) -> Result<Vec<User>, StorageError> {
        let lookups: BTreeSet<_> = emails.iter().map(|email| self.cipher.email_lookup(email)).collect();
        let keys = lookups.iter().map(|lookup| vec![lookup.0.to_vec().into()]).collect();
        let found = self.lane.select(&FIND_BY_EMAIL, keys).await?;
        found.into_iter().map(|row| rows::users::user(row, &*self.cipher)).collect()
    }

    async fn insert_users(&mut self, new: &[User]) -> Result<(), StorageError> {
        let new = self.user_rows(new)?;
        self.lane.insert(&INSERT, &new).await
    }

    async fn save_users(&mut self, changed: &[User]) -> Result<(), StorageError> {
        let changed = self.user_rows(changed)?;
        self.lane.update(&SAVE, &changed).await
    }
}
