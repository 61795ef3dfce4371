//! Accounts outside transactions.

use std::collections::{BTreeSet, HashMap};

use jangteo_shared_kernel::{Page, PageRequest, RefreshFamilyId, StorageError, Timestamp, UserId};
use jangteo_user::{
    Email, KnownPassword, Role, Session, SessionStanding, User, UserFilter, UserPosition, UserQueries,
};
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::keyset;
use crate::SeaOrmStorage;
use crate::entity::users::Column;
use crate::entity::{standing_families, users};
use crate::error::Place;
use crate::names::Named;
use crate::rows;
use crate::set::SelectSet;

/// Every request with a log-in asks, so it is one statement and not one a table.
static STANDING_FAMILIES: SelectSet<standing_families::Entity> = SelectSet::by_where_with(
    &[standing_families::Column::Id],
    "t.ended_at IS NULL",
    (
        standing_families::Column::Role,
        "SELECT u.role FROM users AS u WHERE u.id = t.user_id AND u.deleted_at IS NULL",
    ),
);

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

    async fn find_password(&self, email: &Email) -> Result<Option<KnownPassword>, StorageError> {
        let lookup = self.cipher.email_lookup(email).0.to_vec();
        // One row, also if there is no such account: a row less would tell, by the time it takes.
        let one_row = Query::select().expr_as(1, "n").take();
        let query = Query::select()
            .columns([(users::Entity, Column::Id), (users::Entity, Column::PasswordHash)])
            .from_subquery(one_row, "one_row")
            .left_join(users::Entity, Column::EmailLookup.eq(lookup))
            .take();
        let statement = self.reader.engine.dialect().backend().build(&query);
        let found = self.reader.models(statement).await?;
        found.into_iter().find_map(rows::users::known_password).transpose()
    }

    async fn session_standings(
        &self,
        sessions: &[Session],
        now: Timestamp,
    ) -> Result<Vec<Option<SessionStanding>>, StorageError> {
        let asked: BTreeSet<RefreshFamilyId> = sessions.iter().map(|session| session.family).collect();
        let families = self.reader.select(&STANDING_FAMILIES, rows::keys(&asked)).await?;
        let mut standing_of = HashMap::with_capacity(families.len());
        for family in families.into_iter().filter(|family| now < family.expires_at) {
            let user = UserId::from_uuid(family.user_id);
            if let Some(role) = family.role {
                let role: Role = Place { table: "users", id: &user }.named("role", &role)?;
                standing_of.insert((RefreshFamilyId::from_uuid(family.id), user), SessionStanding { role });
            }
        }
        let standing = |session: &Session| standing_of.get(&(session.family, session.user)).copied();
        Ok(sessions.iter().map(standing).collect())
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
