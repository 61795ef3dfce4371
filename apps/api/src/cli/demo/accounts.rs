//! Who is in the demo shop.

use anyhow::anyhow;
use jangteo_application::{EmailTaken, RegisterUser, submit};
use jangteo_shared_kernel::UserId;
use jangteo_user::{Email, PasswordHasher, Profile, Role, UserQueries};

use super::Demo;

/// An account of the demo shop.
pub(super) struct Account {
    pub(super) email: &'static str,
    pub(super) password: &'static str,
    name: &'static str,
    phone: Option<&'static str>,
    role: Role,
}

pub(super) const ADMIN: Account = Account {
    email: "admin@example.com",
    password: "demo-admin-password",
    name: "Demo Administrator",
    phone: None,
    role: Role::Admin,
};

pub(super) const CUSTOMER: Account = Account {
    email: "minji@example.com",
    password: "demo-minji-password",
    name: "김민지",
    phone: Some("010-1234-5678"),
    role: Role::Customer,
};

/// An account that is there, now or since before.
pub(super) struct Present {
    pub(super) id: UserId,
    pub(super) new: bool,
}

impl Demo<'_> {
    /// Sees to it that the account is there.
    pub(super) async fn account(&self, account: &Account) -> anyhow::Result<Present> {
        let email: Email = account.email.parse()?;
        if let Some(user) = self.shop.storage.find_user_by_address(&email).await? {
            return Ok(Present { id: user.id, new: false });
        }
        let sources = self.days_ago(30);
        let register = self.use_cases(&sources)?.register;
        let hashed = self.shop.passwords.hash_password(account.password.parse()?).await;
        let profile = Profile {
            email: email.clone(),
            name: account.name.parse()?,
            phone: account.phone.map(str::parse).transpose()?,
        };
        let password_hash = hashed.map_err(|cause| anyhow!(cause))?;
        let command = RegisterUser { profile, role: account.role, password_hash };
        if let Ok(user) = submit(&self.shop.storage, &register, &sources, command).await? {
            return Ok(Present { id: user.id, new: true });
        }
        // Another run was faster.
        let user = self.shop.storage.find_user_by_address(&email).await?;
        Ok(Present { id: user.ok_or(EmailTaken)?.id, new: false })
    }
}
