//! Accounts, sealed on the way in and opened on the way out (ADR-027).

use jangteo_shared_kernel::{StorageError, UserId};
use jangteo_user::{
    FieldCipher, FieldPlace, KnownPassword, PasswordHash, Profile, SealedAccount, User, UserState,
};
use sea_orm::FromQueryResult;
use sea_orm::prelude::Uuid;

use crate::entity::{sealed_users, users};
use crate::error::Place;
use crate::names::Named;

const TABLE: &str = "users";
const EMAIL: &str = "users.email";
const NAME: &str = "users.name";
const PHONE: &str = "users.phone";

/// The row of an account. A deleted one's personal data is NULL.
pub(crate) fn row(user: &User, cipher: &dyn FieldCipher) -> Result<users::Model, StorageError> {
    let bare = users::Model {
        id: user.id.as_uuid(),
        role: user.role.name().to_owned(),
        email_sealed: None,
        email_lookup: None,
        name_sealed: None,
        phone_sealed: None,
        password_hash: None,
        created_at: user.created_at,
        deleted_at: None,
        version: user.version,
    };
    match &user.state {
        UserState::Deleted { deleted_at } => Ok(users::Model { deleted_at: Some(*deleted_at), ..bare }),
        UserState::Active { profile, password_hash } => {
            let seal = |column, clear: &str| {
                let place = FieldPlace { column, user: user.id };
                cipher.seal(place, clear).map_err(|error| StorageError::Fatal(error.into()))
            };
            Ok(users::Model {
                email_sealed: Some(seal(EMAIL, profile.email.as_str())?),
                email_lookup: Some(cipher.email_lookup(&profile.email).0.to_vec()),
                name_sealed: Some(seal(NAME, profile.name.as_str())?),
                phone_sealed: profile.phone.as_ref().map(|phone| seal(PHONE, phone.as_str())).transpose()?,
                password_hash: Some(password_hash.as_str().to_owned()),
                ..bare
            })
        }
    }
}

/// The account of a row.
pub(crate) fn user(row: users::Model, cipher: &dyn FieldCipher) -> Result<User, StorageError> {
    let id = UserId::from_uuid(row.id);
    let place = Place { table: TABLE, id: &id };
    let open = |column: &'static str, name, sealed: &[u8]| {
        place.read(name, cipher.open(FieldPlace { column, user: id }, sealed))
    };
    let state = if let Some(deleted_at) = row.deleted_at {
        UserState::Deleted { deleted_at }
    } else {
        let email = open(EMAIL, "email_sealed", &place.present("email_sealed", row.email_sealed)?)?;
        let name = open(NAME, "name_sealed", &place.present("name_sealed", row.name_sealed)?)?;
        let phone = row.phone_sealed.map(|sealed| open(PHONE, "phone_sealed", &sealed)).transpose()?;
        UserState::Active {
            profile: Profile {
                email: place.read("email_sealed", email.parse())?,
                name: place.read("name_sealed", name.parse())?,
                phone: phone.map(|phone| place.read("phone_sealed", phone.parse())).transpose()?,
            },
            password_hash: PasswordHash::new(place.present("password_hash", row.password_hash)?),
        }
    };
    Ok(User {
        id,
        role: place.named("role", &row.role)?,
        created_at: row.created_at,
        version: row.version,
        state,
    })
}

/// What a log-in is compared with, or nothing at all if there is no such account.
#[derive(FromQueryResult)]
pub(crate) struct PasswordRow {
    id: Option<Uuid>,
    password_hash: Option<String>,
}

/// The password of a living account, if there is one.
pub(crate) fn known_password(row: PasswordRow) -> Option<Result<KnownPassword, StorageError>> {
    let user = UserId::from_uuid(row.id?);
    let hash = Place { table: TABLE, id: &user }.present("password_hash", row.password_hash);
    Some(hash.map(|hash| KnownPassword { user, hash: PasswordHash::new(hash) }))
}

/// Which keys a living account's values name.
pub(crate) fn sealed_account(
    row: &sealed_users::Model,
    cipher: &dyn FieldCipher,
) -> Result<SealedAccount, StorageError> {
    let user = UserId::from_uuid(row.id);
    let place = Place { table: TABLE, id: &user };
    let values = [
        ("email_sealed", &row.email_sealed),
        ("name_sealed", &row.name_sealed),
        ("phone_sealed", &row.phone_sealed),
    ];
    let keys = values
        .into_iter()
        .filter_map(|(column, value)| value.as_ref().map(|sealed| place.read(column, cipher.key_of(sealed))));
    Ok(SealedAccount { user, keys: keys.collect::<Result<_, _>>()? })
}
