//! What the context needs from a storage.

use std::collections::{BTreeMap, BTreeSet};

use jangteo_shared_kernel::{OrderId, Page, PageRequest, StorageError, Timestamp, UserId};

use crate::{Order, OrderStatus};

/// Locked orders by id.
pub type Orders = BTreeMap<OrderId, Order>;

/// Orders inside a transaction.
pub trait OrderRepository: Send {
    /// Locks the orders until the transaction ends, in ascending id, and reads them with their lines. MUST leave out
    /// unknown ids.
    fn lock_orders(
        &mut self,
        ids: &BTreeSet<OrderId>,
    ) -> impl Future<Output = Result<Orders, StorageError>> + Send;

    /// Locks at most `most` orders that wait for their payment and can no longer be paid at `now`, those that are due the
    /// longest first, and reads them with their lines. MUST leave out, and not wait for, an order that somebody else has
    /// locked, so that several jobs can run at once.
    fn lock_due_orders(
        &mut self,
        now: Timestamp,
        most: u32,
    ) -> impl Future<Output = Result<Orders, StorageError>> + Send;

    /// The ids of these users' orders that wait for their payment, unlocked.
    fn find_unpaid_orders_of(
        &mut self,
        users: &BTreeSet<UserId>,
    ) -> impl Future<Output = Result<BTreeSet<OrderId>, StorageError>> + Send;

    /// Adds orders with their lines.
    fn insert_orders(&mut self, new: &[Order]) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// Saves the state and the version of orders that this transaction has locked, and nothing else of them.
    fn save_order_states(
        &mut self,
        changed: &[Order],
    ) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// Saves how many units of each line were refunded and restocked, of orders that this transaction has locked, and
    /// nothing else of them.
    fn save_returned_units(
        &mut self,
        changed: &[Order],
    ) -> impl Future<Output = Result<(), StorageError>> + Send;
}

/// Which orders a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only those of this user.
    pub user: Option<UserId>,
    /// Only those of this status. An order that nobody has expired yet counts as waiting for its payment.
    pub status: Option<OrderStatus>,
}

/// A place in a list of orders, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OrderPosition {
    /// When the order was placed.
    pub created_at: Timestamp,
    /// Breaks ties, descending.
    pub id: OrderId,
}

/// Reads outside a transaction.
pub trait OrderQueries: Sync {
    /// The order with its lines.
    fn find_order(&self, id: OrderId) -> impl Future<Output = Result<Option<Order>, StorageError>> + Send;

    /// Orders with their lines, newest first.
    fn list_orders(
        &self,
        filter: &OrderFilter,
        page: &PageRequest<OrderPosition>,
    ) -> impl Future<Output = Result<Page<Order, OrderPosition>, StorageError>> + Send;
}
