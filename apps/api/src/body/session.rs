//! Log-ins.

use jangteo_application::SessionTokens;
use jangteo_security::refresh_token_text;
use jangteo_user::{Email, Password, RefreshToken};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::call::{Body, Terms};
use crate::problem::Faults;

/// Who logs in.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "email": "minji@example.com", "password": "correct horse battery" }))]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
pub(crate) struct LogIn {
    email: String,
    #[schema(format = Password)]
    password: String,
}

impl Body for LogIn {
    /// No account has what is no address, and no password is what cannot be one.
    type Meaning = (Option<Email>, Option<Password>);

    fn read(self, _: Terms, _: &mut Faults) -> Option<Self::Meaning> {
        Some((self.email.parse().ok(), Password::claimed(&self.password)))
    }
}

/// A refresh token that is shown.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
pub(crate) struct ShownToken {
    refresh_token: String,
}

impl Body for ShownToken {
    /// None if the text cannot be a token of ours.
    type Meaning = Option<RefreshToken>;

    fn read(self, _: Terms, _: &mut Faults) -> Option<Self::Meaning> {
        Some(refresh_token_text::decode(&self.refresh_token))
    }
}

/// What proves who calls, and what continues the log-in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tokens)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokensBody {
    /// For the header `Authorization: Bearer …`.
    access_token: String,
    /// For `POST /auth/refresh`, once.
    refresh_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// For how many seconds the access token holds.
    #[schema(example = 900)]
    expires_in: i64,
}

impl From<SessionTokens> for TokensBody {
    fn from(tokens: SessionTokens) -> Self {
        Self {
            refresh_token: refresh_token_text::encode(&tokens.refresh),
            access_token: tokens.access,
            token_type: "Bearer",
            expires_in: tokens.expires_in.num_seconds(),
        }
    }
}
