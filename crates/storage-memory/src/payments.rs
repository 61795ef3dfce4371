//! Payments.

use std::cmp::Reverse;

use jangteo_payment::{Payment, PaymentQueries, PaymentRepository};
use jangteo_shared_kernel::{OrderId, PaymentId, StorageError};

use crate::fault::check;
use crate::unique::Unique;
use crate::{MemoryStorage, MemoryTransaction};

impl PaymentRepository for MemoryTransaction {
    async fn insert_payments(&mut self, new: &[Payment]) -> Result<(), StorageError> {
        let guarded = |payment: &Payment| {
            let (captured, refunded) = (payment.captured().amount(), payment.refunded().amount());
            (0..=captured).contains(&refunded)
        };
        check(new.iter().all(guarded), "a payment gives back more than it took")?;
        let state = self.shared.state();
        let settled =
            new.iter().filter(|payment| payment.settles).map(|payment| Unique::SettledOrder(payment.order));
        self.claims.take(&state.unique, settled.collect())?;
        self.payments.insert(&state.payments, new.iter().map(|payment| (payment.id, payment.clone())))
    }
}

impl PaymentQueries for MemoryStorage {
    async fn find_payment(&self, id: PaymentId) -> Result<Option<Payment>, StorageError> {
        Ok(self.shared.state().payments.get(&id).cloned())
    }

    async fn payments_of_order(&self, order: OrderId) -> Result<Vec<Payment>, StorageError> {
        let state = self.shared.state();
        let mut payments: Vec<Payment> =
            state.payments.values().filter(|payment| payment.order == order).cloned().collect();
        payments.sort_by_key(|payment| Reverse((payment.created_at, payment.id)));
        Ok(payments)
    }
}
