//! Refunds.

use std::cmp::Reverse;

use jangteo_refund::{Refund, RefundPosition, RefundQueries, RefundRepository};
use jangteo_shared_kernel::{Page, PageRequest, PaymentId, RefundId, StorageError};

use crate::list::page;
use crate::{MemoryStorage, MemoryTransaction};

impl RefundRepository for MemoryTransaction {
    async fn insert_refunds(&mut self, new: &[Refund]) -> Result<(), StorageError> {
        let state = self.shared.state();
        self.refunds.insert(&state.refunds, new.iter().map(|refund| (refund.id, refund.clone())))
    }
}

impl RefundQueries for MemoryStorage {
    async fn find_refund(&self, id: RefundId) -> Result<Option<Refund>, StorageError> {
        Ok(self.shared.state().refunds.get(&id).cloned())
    }

    async fn list_refunds_of_payment(
        &self,
        payment: PaymentId,
        request: &PageRequest<RefundPosition>,
    ) -> Result<Page<Refund, RefundPosition>, StorageError> {
        let state = self.shared.state();
        let refunds = state.refunds.values().filter(|refund| refund.payment == payment);
        let position = |refund: &Refund| RefundPosition { created_at: refund.created_at, id: refund.id };
        Ok(page(refunds, request, position, |a, b| {
            Reverse((a.created_at, a.id)).cmp(&Reverse((b.created_at, b.id)))
        }))
    }
}
