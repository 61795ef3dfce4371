//! Orders inside a transaction.

use std::collections::BTreeSet;

use jangteo_order::{Order, OrderRepository, Orders};
use jangteo_shared_kernel::{OrderId, StorageError, Timestamp, UserId};

use crate::SeaOrmTransaction;
use crate::entity::{order_lines, orders};
use crate::rows;
use crate::set::{InsertSet, LockDue, SelectSet, UpdateSet};

static LOCK: SelectSet<orders::Entity> = SelectSet::locking(&[orders::Column::Id]);
/// Lines change only under the lock of their order, so they need none.
pub(crate) static LINES_OF: SelectSet<order_lines::Entity> = SelectSet::by(&[order_lines::Column::OrderId]);
static UNPAID_OF: SelectSet<orders::Entity> =
    SelectSet::by_where(&[orders::Column::UserId], "t.status = 'PENDING_PAYMENT'");
static LOCK_DUE: LockDue<orders::Entity> =
    LockDue::by_where(orders::Column::ExpiresAt, "t.status = 'PENDING_PAYMENT'");
static INSERT: InsertSet<orders::Entity> = InsertSet::new();
static INSERT_LINES: InsertSet<order_lines::Entity> = InsertSet::new();
static SAVE_STATES: UpdateSet<orders::Entity> = UpdateSet::setting(&[
    orders::Column::Status,
    orders::Column::PaidAt,
    orders::Column::CancelledAt,
    orders::Column::ExpiredAt,
    orders::Column::Version,
]);
static SAVE_RETURNED: UpdateSet<order_lines::Entity> =
    UpdateSet::setting(&[order_lines::Column::Refunded, order_lines::Column::Restocked]);

impl SeaOrmTransaction {
    async fn with_lines(&self, found: Vec<orders::Model>) -> Result<Orders, StorageError> {
        let keys = found.iter().map(|row| vec![row.id.into()]).collect();
        let lines = self.lane.select(&LINES_OF, keys).await?;
        let orders = rows::orders::orders(found, lines)?;
        Ok(orders.into_iter().map(|order| (order.id, order)).collect())
    }
}

impl OrderRepository for SeaOrmTransaction {
    async fn lock_orders(&mut self, ids: &BTreeSet<OrderId>) -> Result<Orders, StorageError> {
        let found = self.lane.select(&LOCK, rows::keys(ids)).await?;
        self.with_lines(found).await
    }

    async fn lock_due_orders(&mut self, now: Timestamp, most: u32) -> Result<Orders, StorageError> {
        let found = self.lane.lock_due(&LOCK_DUE, now, most).await?;
        self.with_lines(found).await
    }

    async fn find_unpaid_orders_of(
        &mut self,
        users: &BTreeSet<UserId>,
    ) -> Result<BTreeSet<OrderId>, StorageError> {
        let unpaid = self.lane.select(&UNPAID_OF, rows::keys(users)).await?;
        Ok(unpaid.into_iter().map(|row| OrderId::from_uuid(row.id)).collect())
    }

    async fn insert_orders(&mut self, new: &[Order]) -> Result<(), StorageError> {
        let orders: Vec<_> = new.iter().map(rows::orders::row).collect();
        let lines = line_rows(new)?;
        self.lane.insert(&INSERT, &orders).await?;
        self.lane.insert(&INSERT_LINES, &lines).await
    }

    async fn save_order_states(&mut self, changed: &[Order]) -> Result<(), StorageError> {
        let changed: Vec<_> = changed.iter().map(rows::orders::row).collect();
        self.lane.update(&SAVE_STATES, &changed).await
    }

    async fn save_returned_units(&mut self, changed: &[Order]) -> Result<(), StorageError> {
        self.lane.update(&SAVE_RETURNED, &line_rows(changed)?).await
    }
}

fn line_rows(orders: &[Order]) -> Result<Vec<order_lines::Model>, StorageError> {
    let mut lines = Vec::new();
    for order in orders {
        lines.extend(rows::orders::line_rows(order)?);
    }
    Ok(lines)
}
