//! Orders outside transactions.

use jangteo_order::{Order, OrderFilter, OrderPosition, OrderQueries};
use jangteo_shared_kernel::{OrderId, Page, PageRequest, StorageError};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::keyset;
use crate::SeaOrmStorage;
use crate::entity::orders;
use crate::entity::orders::Column;
use crate::names::Named;
use crate::repositories::LINES_OF;
use crate::rows;

impl SeaOrmStorage {
    /// The orders of a query with their lines: two statements, one moment.
    async fn orders(&self, query: &Select<orders::Entity>) -> Result<Vec<Order>, StorageError> {
        let reading = self.one_moment().await?;
        let found: Vec<orders::Model> = reading.all(query).await?;
        let lines = reading.select(&LINES_OF, found.iter().map(|row| vec![row.id.into()]).collect()).await?;
        reading.finish().await?;
        rows::orders::orders(found, lines)
    }
}

impl OrderQueries for SeaOrmStorage {
    async fn find_order(&self, id: OrderId) -> Result<Option<Order>, StorageError> {
        Ok(self.orders(&orders::Entity::find_by_id(id.as_uuid())).await?.pop())
    }

    async fn list_orders(
        &self,
        filter: &OrderFilter,
        page: &PageRequest<OrderPosition>,
    ) -> Result<Page<Order, OrderPosition>, StorageError> {
        let mut query = orders::Entity::find()
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .limit(page.limit.rows());
        if let Some(user) = filter.user {
            query = query.filter(Column::UserId.eq(user.as_uuid()));
        }
        if let Some(status) = filter.status {
            query = query.filter(Column::Status.eq(status.name()));
        }
        if let Some(after) = page.after {
            let position = [after.created_at.into(), after.id.as_uuid().into()];
            query =
                query.filter(keyset::below(self.reader.engine, [Column::CreatedAt, Column::Id], position));
        }
        let orders = self.orders(&query).await?;
        Ok(Page::from_rows(orders, page.limit, |order| OrderPosition {
            created_at: order.created_at,
            id: order.id,
        }))
    }
}
