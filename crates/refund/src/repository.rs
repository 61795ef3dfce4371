//! What the context needs from a storage.

use jangteo_shared_kernel::{Page, PageRequest, PaymentId, RefundId, StorageError, Timestamp};

use crate::Refund;

/// Refunds inside a transaction.
pub trait RefundRepository: Send {
    /// Adds refunds with their items, tenders and shares. Refunds need no lock of their own: whoever refunds has locked
    /// the order and the payment.
    fn insert_refunds(&mut self, new: &[Refund]) -> impl Future<Output = Result<(), StorageError>> + Send;
}

/// A place in a list of refunds, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RefundPosition {
    /// When the refund was made.
    pub created_at: Timestamp,
    /// Breaks ties, descending.
    pub id: RefundId,
}

/// Reads outside a transaction.
pub trait RefundQueries: Sync {
    /// The refund with its items, tenders and shares.
    fn find_refund(&self, id: RefundId) -> impl Future<Output = Result<Option<Refund>, StorageError>> + Send;

    /// The refunds of a payment with their items, tenders and shares, newest first.
    fn list_refunds_of_payment(
        &self,
        payment: PaymentId,
        page: &PageRequest<RefundPosition>,
    ) -> impl Future<Output = Result<Page<Refund, RefundPosition>, StorageError>> + Send;
}
