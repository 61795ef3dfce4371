//! Refunds outside transactions.

use jangteo_refund::{Refund, RefundPosition, RefundQueries};
use jangteo_shared_kernel::{Page, PageRequest, PaymentId, RefundId, StorageError};
use sea_orm::{
    ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, Value,
};

use super::keyset;
use crate::SeaOrmStorage;
use crate::entity::refunds::Column;
use crate::entity::{refund_items, refund_shares, refunds};
use crate::lane::Lane;
use crate::rows;
use crate::set::SelectSet;

static ITEMS_OF: SelectSet<refund_items::Entity> = SelectSet::by(&[refund_items::Column::RefundId]);
static SHARES_OF: SelectSet<refund_shares::Entity> = SelectSet::by(&[refund_shares::Column::RefundId]);

/// The refunds of a query with all that belongs to them: three statements. They need no one moment: a refund is written at
/// once and never changes.
async fn refunds(
    lane: &Lane<DatabaseConnection>,
    query: &Select<refunds::Entity>,
) -> Result<Vec<Refund>, StorageError> {
    let headers: Vec<refunds::Model> = lane.all(query).await?;
    let keys: Vec<Vec<Value>> = headers.iter().map(|header| vec![header.id.into()]).collect();
    let items = lane.select(&ITEMS_OF, keys.clone()).await?;
    let shares = lane.select(&SHARES_OF, keys).await?;
    rows::refunds::refunds(headers, items, shares)
}

impl RefundQueries for SeaOrmStorage {
    async fn find_refund(&self, id: RefundId) -> Result<Option<Refund>, StorageError> {
        Ok(refunds(&self.reader, &refunds::Entity::find_by_id(id.as_uuid())).await?.pop())
    }

    async fn list_refunds_of_payment(
        &self,
        payment: PaymentId,
        page: &PageRequest<RefundPosition>,
    ) -> Result<Page<Refund, RefundPosition>, StorageError> {
        let mut query = refunds::Entity::find()
            .filter(Column::PaymentId.eq(payment.as_uuid()))
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .limit(page.limit.rows());
        if let Some(after) = page.after {
            let position = [after.created_at.into(), after.id.as_uuid().into()];
            query =
                query.filter(keyset::below(self.reader.engine, [Column::CreatedAt, Column::Id], position));
        }
        let behind = page.after.map(|after| refunds::Entity::find_by_id(after.id.as_uuid()));
        let refunds = self.may_be_late(behind, |lane| refunds(lane, &query)).await?;
        Ok(Page::from_rows(refunds, page.limit, |refund| RefundPosition {
            created_at: refund.created_at,
            id: refund.id,
        }))
    }
}
