//! What the context needs from a storage.

use jangteo_shared_kernel::{OrderId, PaymentId, StorageError};

use crate::Payment;

/// Payments inside a transaction.
pub trait PaymentRepository: Send {
    /// Adds payments with their tenders, shares, events and summary rows. MUST fail with
    /// [`StorageError::Transient`] if one would be the second to settle its order.
    fn insert_payments(&mut self, new: &[Payment]) -> impl Future<Output = Result<(), StorageError>> + Send;
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
