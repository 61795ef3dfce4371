//! The account.

use jangteo_shared_kernel::{Timestamp, UserId};

use crate::{Email, PasswordHash, PersonName, PhoneNumber};

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "SCREAMING_SNAKE_CASE")
)]
pub enum Role {
    /// Buys: sees and touches only what is their own.
    Customer,
    /// Runs the shop: edits the catalogue, grants points, reads everything.
    Admin,
}

/// An account. Its personal data lives in its state, so that a deleted account cannot have any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Who this is to every other context.
    pub id: UserId,
    /// What the account may do.
    pub role: Role,
    /// When it was made.
    pub created_at: Timestamp,
    /// Counts the changes of the account.
    pub version: i64,
    /// Whether it lives, and what it holds then.
    pub state: UserState,
}

/// Whether an account lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserState {
    /// It can log in.
    Active {
        /// Whose it is.
        profile: Profile,
        /// The hash of its password.
        password_hash: PasswordHash,
    },
    /// Its personal data is gone.
    Deleted {
        /// When it was deleted.
        deleted_at: Timestamp,
    },
}

/// The personal data of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The address that the person logs in with.
    pub email: Email,
    /// What the person is called.
    pub name: PersonName,
    /// Where the person can be called.
    pub phone: Option<PhoneNumber>,
}

/// Which parts of a profile change; `None` leaves a part as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileEdit {
    /// The new name.
    pub name: Option<PersonName>,
    /// The new phone number; `Some(None)` removes it.
    pub phone: Option<Option<PhoneNumber>>,
}

impl User {
    /// A new account.
    #[must_use]
    pub fn register(
        id: UserId,
        role: Role,
        profile: Profile,
        password_hash: PasswordHash,
        now: Timestamp,
    ) -> Self {
        Self { id, role, created_at: now, version: 1, state: UserState::Active { profile, password_hash } }
    }

    /// The personal data; none once deleted.
    #[must_use]
    pub const fn profile(&self) -> Option<&Profile> {
        match &self.state {
            UserState::Active { profile, .. } => Some(profile),
            UserState::Deleted { .. } => None,
        }
    }

    /// Whether the account can be used.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        matches!(self.state, UserState::Active { .. })
    }

    /// Changes the profile. A deleted account has none, so nothing happens; `false` says so.
    pub fn edit_profile(&mut self, edit: ProfileEdit) -> bool {
        let UserState::Active { profile, .. } = &mut self.state else { return false };
        if let Some(name) = edit.name {
            profile.name = name;
        }
        if let Some(phone) = edit.phone {
            profile.phone = phone;
        }
        self.version += 1;
        true
    }

    /// Takes a new password hash. A deleted account has no password; `false` says so.
    pub fn change_password(&mut self, new: PasswordHash) -> bool {
        let UserState::Active { password_hash, .. } = &mut self.state else { return false };
        *password_hash = new;
        self.version += 1;
        true
    }

    /// Destroys the personal data and closes the account for good.
    pub fn delete(&mut self, now: Timestamp) {
        if self.is_active() {
            self.state = UserState::Deleted { deleted_at: now };
            self.version += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn account() -> User {
        let person =
            Profile { email: "a@b.kr".parse().unwrap(), name: "Minji".parse().unwrap(), phone: None };
        let id = "01900000-0000-7000-8000-000000000001".parse().unwrap();
        User::register(
            id,
            Role::Customer,
            person,
            PasswordHash::new("$argon2id$".into()),
            DateTime::UNIX_EPOCH,
        )
    }

    #[test]
    fn a_deleted_account_holds_nothing_and_takes_nothing() {
        let mut user = account();
        user.delete(DateTime::UNIX_EPOCH);
        assert_eq!(user.state, UserState::Deleted { deleted_at: DateTime::UNIX_EPOCH });
        assert!(!user.edit_profile(ProfileEdit { name: Some("Again".parse().unwrap()), phone: None }));
        assert!(!user.change_password(PasswordHash::new("$argon2id$".into())));
        assert_eq!(user.version, 2);
    }

    #[test]
    fn an_edit_changes_only_what_it_names() {
        let mut user = account();
        assert!(
            user.edit_profile(ProfileEdit {
                name: None,
                phone: Some(Some("010-1234-5678".parse().unwrap()))
            })
        );
        let profile = user.profile().unwrap();
        assert_eq!(
            (profile.name.as_str(), profile.phone.as_ref().unwrap().as_str()),
            ("Minji", "010-1234-5678")
        );
        assert!(user.edit_profile(ProfileEdit { name: None, phone: Some(None) }));
        assert_eq!(user.profile().unwrap().phone, None);
    }
}
