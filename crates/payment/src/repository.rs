//! What the context needs from a storage.

use std::collections::{BTreeMap, BTreeSet};

use jangteo_shared_kernel::{OrderId, PaymentId, StorageError};

use crate::{Payment, PaymentEvent};

/// Locked payments by id.
pub type Payments = BTreeMap<PaymentId, Payment>;

/// Payments inside a transaction.
pub trait PaymentRepository: Send {
    /// Adds payments with their tenders, shares, events and summary rows. MUST fail with
    /// [`StorageError::Transient`] if one would be the second to settle its order.
    fn insert_payments(&mut self, new: &[Payment]) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// Which orders these payments are of, unlocked: that never changes. MUST leave out unknown ids.
    fn find_orders_of_payments(
        &mut self,
        ids: &BTreeSet<PaymentId>,
    ) -> impl Future<Output = Result<BTreeMap<PaymentId, OrderId>, StorageError>> + Send;

    /// Locks the payments until the transaction ends, in ascending id, and reads them with their tenders, shares and
    /// events. MUST leave out unknown ids.
    fn lock_payments(
        &mut self,
        ids: &BTreeSet<PaymentId>,
    ) -> impl Future<Output = Result<Payments, StorageError>> + Send;

    /// Saves what was given back of payments that this transaction has locked: what each tender and the summary say, and
    /// the new `events`, which are added to the history. MUST fail with [`StorageError::Fatal`] if more is refunded than
    /// was captured.
    fn save_given_back(
        &mut self,
        changed: &[Payment],
        events: &[(PaymentId, PaymentEvent)],
    ) -> impl Future<Output = Result<(), StorageError>> + Send;
}

/// Reads outside a transaction.
pub trait PaymentQueries: Sync {
    /// The payment with its tenders, shares and events.
    fn find_payment(
        &self,
        id: PaymentId,
    ) -> impl Future<Output = Result<Option<Payment>, StorageError>> + Send;

    /// The payments of an order, newest first. Few: one settles it, the others failed.
    fn payments_of_order(
        &self,
        order: OrderId,
    ) -> impl Future<Output = Result<Vec<Payment>, StorageError>> + Send;
}
