//! Payments.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jangteo_payment::{Payment, PaymentEvent, PaymentQueries, PaymentRepository, Payments, Tender};
use jangteo_shared_kernel::{OrderId, PaymentId, StorageError};

use crate::fault::{check, lost_race};
use crate::unique::Unique;
use crate::{MemoryStorage, MemoryTransaction};

impl PaymentRepository for MemoryTransaction {
    async fn insert_payments(&mut self, new: &[Payment]) -> Result<(), StorageError> {
        new.iter().try_for_each(check_refunded)?;
        let state = self.shared.state();
        let settled =
            new.iter().filter(|payment| payment.settles).map(|payment| Unique::SettledOrder(payment.order));
        self.claims.take(&state.unique, settled.collect())?;
        self.payments.insert(&state.payments, new.iter().map(|payment| (payment.id, payment.clone())))
    }

    async fn find_orders_of_payments(
        &mut self,
        ids: &BTreeSet<PaymentId>,
    ) -> Result<BTreeMap<PaymentId, OrderId>, StorageError> {
        let state = self.shared.state();
        let order = |id: &PaymentId| self.payments.get(&state.payments, id).map(|payment| payment.order);
        Ok(ids.iter().filter_map(|id| Some((*id, order(id)?))).collect())
    }

    async fn lock_payments(&mut self, ids: &BTreeSet<PaymentId>) -> Result<Payments, StorageError> {
        self.payments.lock(&self.shared, |state| &state.payments, ids).await
    }

    async fn save_given_back(
        &mut self,
        changed: &[Payment],
        events: &[(PaymentId, PaymentEvent)],
    ) -> Result<(), StorageError> {
        changed.iter().try_for_each(check_refunded)?;
        let state = self.shared.state();
        self.payments.check_held(changed.iter().map(|payment| &payment.id))?;
        self.payments.check_held(events.iter().map(|(payment, _)| payment))?;
        for (id, event) in events {
            let row = self.payments.get(&state.payments, id);
            if row.is_some_and(|row| row.events.iter().any(|old| old.sequence == event.sequence)) {
                return Err(lost_race("a payment's event"));
            }
            self.payments.change(&state.payments, id, |row| row.events.push(*event));
        }
        for payment in changed {
            self.payments.change(&state.payments, &payment.id, |row| {
                for (old, new) in row.tenders.iter_mut().zip(&payment.tenders) {
                    old.refunded = new.refunded;
                }
            });
        }
        Ok(())
    }
}

/// What the tables of a database check.
fn check_refunded(payment: &Payment) -> Result<(), StorageError> {
    let within = (0..=payment.captured().amount()).contains(&payment.refunded().amount());
    let tender = |tender: &Tender| (0..=tender.amount.amount()).contains(&tender.refunded.amount());
    check(within, "a payment gives back more than it took")?;
    check(payment.tenders.iter().all(tender), "a tender gives back more than it took")
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
