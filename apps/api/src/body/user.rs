//! Accounts.

use jangteo_user::{Email, Password, PersonName, PhoneNumber, Profile, ProfileEdit, Role, User};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::Instant;
use crate::call::{Body, Terms, present};
use crate::problem::Faults;

/// Who signs up.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "email": "minji@example.com", "password": "correct horse battery", "name": "김민지", "phone": "010-1234-5678" }))]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
pub(crate) struct SignUp {
    /// The address to log in with.
    #[schema(max_length = 254)]
    email: String,
    /// 10 to 128 characters.
    #[schema(min_length = 10, max_length = 128, format = Password)]
    password: String,
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// 5 to 20 digits, with optional +, spaces, dots, hyphens and brackets.
    phone: Option<String>,
}

impl Body for SignUp {
    type Meaning = (Profile, Password);

    fn read(self, _: Terms, faults: &mut Faults) -> Option<Self::Meaning> {
        let email: Option<Email> = faults.check("/email", self.email.parse());
        let password: Option<Password> = faults.check("/password", self.password.parse());
        let name: Option<PersonName> = faults.check("/name", self.name.parse());
        let phone = self.phone.map(|phone| faults.check("/phone", phone.parse::<PhoneNumber>()));
        Some((Profile { email: email?, name: name?, phone: phone.flatten() }, password?))
    }
}

/// What changes of one's own profile.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "phone": "010-8765-4321" }))]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
pub(crate) struct EditMe {
    /// 1 to 200 characters.
    #[serde(default, deserialize_with = "present")]
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    name: Option<String>,
    /// The new number; null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    #[expect(clippy::option_option, reason = "absent leaves the number, null removes it")]
    phone: Option<Option<String>>,
}

impl Body for EditMe {
    type Meaning = ProfileEdit;

    fn read(self, _: Terms, faults: &mut Faults) -> Option<ProfileEdit> {
        if self.name.is_none() && self.phone.is_none() {
            faults.add("", "names no field to change");
        }
        let name = self.name.and_then(|name| faults.check("/name", name.parse()));
        let phone = self.phone.map(|phone| phone.and_then(|phone| faults.check("/phone", phone.parse())));
        Some(ProfileEdit { name, phone })
    }
}

/// A change of password.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
pub(crate) struct NewPassword {
    /// The password until now.
    #[schema(format = Password)]
    current_password: String,
    /// 10 to 128 characters.
    #[schema(min_length = 10, max_length = 128, format = Password)]
    new_password: String,
}

impl Body for NewPassword {
    /// The claimed one, if any password could be it, and the new one.
    type Meaning = (Option<Password>, Password);

    fn read(self, _: Terms, faults: &mut Faults) -> Option<Self::Meaning> {
        let new = faults.check("/newPassword", self.new_password.parse())?;
        Some((Password::claimed(&self.current_password), new))
    }
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserBody {
    #[schema(format = Uuid)]
    id: String,
    email: String,
    name: String,
    #[schema(required)]
    phone: Option<String>,
    role: RoleBody,
    created_at: Instant,
}

/// What an account may do.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = Role)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum RoleBody {
    /// Buys.
    Customer,
    /// Runs the shop.
    Admin,
}

impl From<Role> for RoleBody {
    fn from(role: Role) -> Self {
        match role {
            Role::Customer => Self::Customer,
            Role::Admin => Self::Admin,
        }
    }
}

impl UserBody {
    /// The account; none once it was deleted.
    pub(crate) fn of(user: &User) -> Option<Self> {
        let profile = user.profile()?;
        Some(Self {
            id: user.id.to_string(),
            email: profile.email.as_str().to_owned(),
            name: profile.name.as_str().to_owned(),
            phone: profile.phone.as_ref().map(|phone| phone.as_str().to_owned()),
            role: user.role.into(),
            created_at: user.created_at.into(),
        })
    }
}
