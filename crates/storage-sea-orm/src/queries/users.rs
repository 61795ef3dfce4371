//! Accounts outside transactions.

use std::sync::OnceLock;

use jangteo_shared_kernel::{Page, PageRequest, RefreshFamilyId, StorageError, Timestamp, UserId};
use jangteo_user::{Email, SessionStanding, User, UserFilter, UserPosition, UserQueries};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::keyset;
use crate::SeaOrmStorage;
use crate::engine::Engine;
use crate::entity::users;
use crate::entity::users::Column;
use crate::error::Place;
use crate::names::Named;
use crate::rows;

/// Asked for every request with an access token, so it is written once and not built anew each time.
static STANDING: [OnceLock<String>; Engine::COUNT] = [const { OnceLock::new() }; Engine::COUNT];

fn standing(engine: Engine) -> &'static str {
    STANDING[engine.index()].get_or_init(|| {
        let [family, user, now] = [1, 2, 3].map(|n| engine.dialect().parameter(n));
        format!(
            "SELECT u.role FROM refresh_families f INNER JOIN users u ON u.id = f.user_id \
             WHERE f.id = {family} AND f.user_id = {user} AND f.ended_at IS NULL AND f.expires_at > {now} \
             AND u.deleted_at IS NULL"
        )
    })
}

impl UserQueries for SeaOrmStorage {
    async fn find_user(&self, id: UserId) -> Result<Option<User>, StorageError> {
        let found = self.reader.one(&users::Entity::find_by_id(id.as_uuid())).await?;
        found.map(|row| rows::users::user(row, &*self.cipher)).transpose()
    }

    async fn find_user_by_address(&self, email: &Email) -> Result<Option<User>, StorageError> {
        let lookup = self.cipher.email_lookup(email).0.to_vec();
        let found = self.reader.one(&users::Entity::find().filter(Column::EmailLookup.eq(lookup))).await?;
        found.map(|row| rows::users::user(row, &*self.cipher)).transpose()
    }

    async fn session_standing(
        &self,
        user: UserId,
        family: RefreshFamilyId,
        now: Timestamp,
    ) -> Result<Option<SessionStanding>, StorageError> {
        let engine = self.reader.engine;
        let parameters = vec![family.as_uuid().into(), user.as_uuid().into(), now.into()];
        let found = self.reader.fetch(engine.statement(standing(engine), parameters)).await?;
        let Some(row) = found.first() else { return Ok(None) };
        let role: String = row.try_get_by_index(0).map_err(|error| engine.error(error))?;
        let place = Place { table: "users", id: &user };
        Ok(Some(SessionStanding { role: place.named("role", &role)? }))
    }

    async fn list_users(
        &self,
        filter: &UserFilter,
        page: &PageRequest<UserPosition>,
    ) -> Result<Page<User, UserPosition>, StorageError> {
        let mut query = users::Entity::find()
            .filter(Column::DeletedAt.is_null())
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .limit(page.limit.rows());
        if let Some(role) = filter.role {
            query = query.filter(Column::Role.eq(role.name()));
        }
        if let Some(email) = &filter.email {
            query = query.filter(Column::EmailLookup.eq(self.cipher.email_lookup(email).0.to_vec()));
        }
        if let Some(after) = page.after {
            let position = [after.created_at.into(), after.id.as_uuid().into()];
            query =
                query.filter(keyset::below(self.reader.engine, [Column::CreatedAt, Column::Id], position));
        }
        let found = self.reader.all(&query).await?;
        let users =
            found.into_iter().map(|row| rows::users::user(row, &*self.cipher)).collect::<Result<_, _>>()?;
        Ok(Page::from_rows(users, page.limit, |user: &User| UserPosition {
            created_at: user.created_at,
            id: user.id,
        }))
    }
}
