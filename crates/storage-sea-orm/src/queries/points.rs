//! Points outside transactions.

use jangteo_point::{PointAccount, PointEntry, PointPosition, PointQueries};
use jangteo_shared_kernel::{Page, PageRequest, StorageError, UserId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::SeaOrmStorage;
use crate::entity::point_history::Column;
use crate::entity::{point_accounts, point_history};
use crate::error::Place;
use crate::repositories::OPEN_LOTS_OF;
use crate::rows;

impl PointQueries for SeaOrmStorage {
    async fn find_point_account(&self, user: UserId) -> Result<Option<PointAccount>, StorageError> {
        let reading = self.one_moment().await?;
        let account = reading.all(&point_accounts::Entity::find_by_id(user.as_uuid())).await?;
        let lots = reading.select(&OPEN_LOTS_OF, vec![vec![user.as_uuid().into()]]).await?;
        reading.finish().await?;
        Ok(rows::points::accounts(account, lots)?.pop())
    }

    async fn list_point_history(
        &self,
        user: UserId,
        page: &PageRequest<PointPosition>,
    ) -> Result<Page<PointEntry, PointPosition>, StorageError> {
        let mut query = point_history::Entity::find()
            .find_also_related(point_accounts::Entity)
            .filter(Column::UserId.eq(user.as_uuid()))
            .order_by_desc(Column::Sequence)
            .limit(page.limit.rows());
        if let Some(after) = page.after {
            query = query.filter(Column::Sequence.lt(after.sequence));
        }
        let behind = page.after.map(|after| {
            let of_user = point_history::Entity::find().filter(Column::UserId.eq(user.as_uuid()));
            of_user.filter(Column::Sequence.eq(after.sequence))
        });
        let found = self.may_be_late(behind, |lane| lane.all_two(&query)).await?;
        let place = Place { table: "point_accounts", id: &user };
        let entries = found.into_iter().map(|(row, account)| {
            let account = place.present("user_id", account)?;
            rows::points::entry(row, &account)
        });
        let entries = entries.collect::<Result<_, _>>()?;
        Ok(Page::from_rows(entries, page.limit, |entry: &PointEntry| PointPosition {
            sequence: entry.sequence,
        }))
    }
}
