//! Orders with their lines.

use std::collections::BTreeSet;

use jangteo_order::{
    Order, OrderFilter, OrderLine, OrderPosition, OrderQueries, OrderRepository, OrderStatus, Orders,
};
use jangteo_shared_kernel::{Money, OrderId, Page, PageRequest, StorageError, Timestamp, UserId};

use crate::fault::check;
use crate::list::page;
use crate::unique::Unique;
use crate::{MemoryStorage, MemoryTransaction};

impl OrderRepository for MemoryTransaction {
    async fn lock_orders(&mut self, ids: &BTreeSet<OrderId>) -> Result<Orders, StorageError> {
        self.orders.lock(&self.shared, |state| &state.orders, ids).await
    }

    async fn lock_due_orders(&mut self, now: Timestamp, most: u32) -> Result<Orders, StorageError> {
        let state = self.shared.state();
        let due = |order: &Order| order.status() == OrderStatus::PendingPayment && order.expires_at <= now;
        let rows = self.orders.rows(&state.orders).filter(|(_, order)| due(order));
        let mut due: Vec<(Timestamp, OrderId)> = rows.map(|(id, order)| (order.expires_at, *id)).collect();
        due.sort_unstable();
        let ids = due.into_iter().map(|(_, id)| id);
        Ok(self.orders.lock_free(&state.orders, ids, usize::try_from(most).unwrap_or(usize::MAX)))
    }

    async fn find_unpaid_orders_of(
        &mut self,
        users: &BTreeSet<UserId>,
    ) -> Result<BTreeSet<OrderId>, StorageError> {
        let state = self.shared.state();
        let unpaid =
            |order: &Order| users.contains(&order.user) && order.status() == OrderStatus::PendingPayment;
        Ok(self.orders.rows(&state.orders).filter(|(_, order)| unpaid(order)).map(|(id, _)| *id).collect())
    }

    async fn insert_orders(&mut self, new: &[Order]) -> Result<(), StorageError> {
        new.iter().try_for_each(check_amounts)?;
        let state = self.shared.state();
        let lines = new.iter().flat_map(|order| &order.lines).map(|line| Unique::OrderLine(line.id));
        self.claims.take(&state.unique, lines.collect())?;
        self.orders.insert(&state.orders, new.iter().map(|order| (order.id, order.clone())))
    }

    async fn save_order_states(&mut self, changed: &[Order]) -> Result<(), StorageError> {
        let state = self.shared.state();
        self.orders.check_held(changed.iter().map(|order| &order.id))?;
        for order in changed {
            self.orders.change(&state.orders, &order.id, |row| {
                row.state = order.state;
                row.version = order.version;
            });
        }
        Ok(())
    }

    async fn save_returned_units(&mut self, changed: &[Order]) -> Result<(), StorageError> {
        changed.iter().try_for_each(check_amounts)?;
        let state = self.shared.state();
        self.orders.check_held(changed.iter().map(|order| &order.id))?;
        for order in changed {
            self.orders.change(&state.orders, &order.id, |row| {
                for (old, new) in row.lines.iter_mut().zip(&order.lines) {
                    (old.refunded, old.restocked) = (new.refunded, new.restocked);
                }
            });
        }
        Ok(())
    }
}

/// What the tables of a database check.
fn check_amounts(order: &Order) -> Result<(), StorageError> {
    let covers = |gross: Money, discount: Money| (0..=gross.amount()).contains(&discount.amount());
    let line_holds = |line: &OrderLine| {
        covers(line.gross, line.discount) && line.refunded <= line.quantity && line.restocked <= line.refunded
    };
    check(covers(order.gross, order.discount), "an order's discount is below zero or above its gross")?;
    check(order.lines.iter().all(line_holds), "an order line's amounts or counts are impossible")
}

impl OrderQueries for MemoryStorage {
    async fn find_order(&self, id: OrderId) -> Result<Option<Order>, StorageError> {
        Ok(self.shared.state().orders.get(&id).cloned())
    }

    async fn list_orders(
        &self,
        filter: &OrderFilter,
        request: &PageRequest<OrderPosition>,
    ) -> Result<Page<Order, OrderPosition>, StorageError> {
        let state = self.shared.state();
        let shown = |order: &&Order| {
            filter.user.is_none_or(|user| order.user == user)
                && filter.status.is_none_or(|status| order.status() == status)
        };
        let position = |order: &Order| OrderPosition { created_at: order.created_at, id: order.id };
        Ok(page(state.orders.values().filter(shown), request, position, |a, b| {
            (b.created_at, b.id).cmp(&(a.created_at, a.id))
        }))
    }
}
