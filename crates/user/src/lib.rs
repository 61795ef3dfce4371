//! The user context: accounts, credentials, sessions and personal data.
//!
//! # Language
//! A [`User`] has an e-mail address, a name, perhaps a phone number, a [`Role`] and a password hash. Logging in
//! starts a [`RefreshFamily`]: the chain of refresh tokens that descend from that log-in. An access token names
//! its family, so ending a family ends both.
//!
//! # Invariants
//! - One living account per e-mail address; the address is trimmed and lower-cased before it is compared.
//! - A refresh token works once. One that is shown again was copied: its whole family ends (ADR-029).
//! - Deleting an account destroys its personal data; the id stays, so that orders keep their amounts.
//! - Personal data never reaches a storage, a log or an event in the clear (ADR-027): storages seal it through
//!   [`FieldCipher`], and the types here print no content with `Debug`.
//!
//! # Ports
//! [`PasswordHasher`], [`FieldCipher`] and [`AccessTokens`] are implemented elsewhere (`jangteo-security`), the
//! repositories by a storage.
//!
//! ```
//! use jangteo_user::{Email, InvalidUserField};
//!
//! let email: Email = "  Minji@Example.COM ".parse()?;
//! assert_eq!(email.as_str(), "minji@example.com");
//! assert_eq!("nobody".parse::<Email>(), Err(InvalidUserField::Email));
//! # Ok::<(), InvalidUserField>(())
//! ```
#![deny(missing_docs)]

mod credentials;
mod personal;
mod ports;
mod refresh;
mod repository;
mod user;

pub use credentials::{Password, PasswordHash};
pub use personal::{Email, InvalidUserField, PersonName, PhoneNumber};
pub use ports::{
    AccessClaims, AccessTokens, CipherError, EmailLookup, FieldCipher, FieldPlace, HasherBusy,
    InvalidAccessToken, PasswordHasher, PasswordVerdict,
};
pub use refresh::{RefreshFamily, RefreshRefusal, RefreshSecret, RefreshToken, SecretHash, SecretHasher};
pub use repository::{
    Accounts, KnownPassword, RefreshFamilyRepository, SealedAccount, SealedAccountQueries, Session,
    SessionStanding, UserFilter, UserPosition, UserQueries, UserRepository,
};
pub use user::{Profile, ProfileEdit, Role, User, UserState};
