//! Payments inside a transaction.

use std::collections::{BTreeMap, BTreeSet};

use jangteo_payment::{Payment, PaymentEvent, PaymentRepository, Payments};
use jangteo_shared_kernel::{OrderId, PaymentId, StorageError};

use crate::SeaOrmTransaction;
use crate::entity::{payment_events, payment_shares, payment_summaries, payment_tenders, payments};
use crate::rows;
use crate::rows::payments::PaymentRows;
use crate::set::{InsertSet, SelectSet, UpdateSet};

/// Everything else of a payment changes only under the lock of its header.
static LOCK: SelectSet<payments::Entity> = SelectSet::locking(&[payments::Column::Id]);
static FIND: SelectSet<payments::Entity> = SelectSet::by(&[payments::Column::Id]);

static INSERT: InsertSet<payments::Entity> = InsertSet::new();
static INSERT_TENDERS: InsertSet<payment_tenders::Entity> = InsertSet::new();
static INSERT_SHARES: InsertSet<payment_shares::Entity> = InsertSet::new();
static INSERT_EVENTS: InsertSet<payment_events::Entity> = InsertSet::new();
static INSERT_SUMMARIES: InsertSet<payment_summaries::Entity> = InsertSet::new();
static SAVE_TENDERS: UpdateSet<payment_tenders::Entity> =
    UpdateSet::setting(&[payment_tenders::Column::Refunded]);
static SAVE_SUMMARIES: UpdateSet<payment_summaries::Entity> =
    UpdateSet::setting(&[payment_summaries::Column::Refunded]);

impl PaymentRepository for SeaOrmTransaction {
    async fn insert_payments(&mut self, new: &[Payment]) -> Result<(), StorageError> {
        let rows = PaymentRows::of(new)?;
        self.lane.insert(&INSERT, &rows.headers).await?;
        self.lane.insert(&INSERT_TENDERS, &rows.tenders).await?;
        self.lane.insert(&INSERT_SHARES, &rows.shares).await?;
        self.lane.insert(&INSERT_EVENTS, &rows.events).await?;
        self.lane.insert(&INSERT_SUMMARIES, &rows.summaries).await
    }

    async fn find_orders_of_payments(
        &mut self,
        ids: &BTreeSet<PaymentId>,
    ) -> Result<BTreeMap<PaymentId, OrderId>, StorageError> {
        let found = self.lane.select(&FIND, rows::keys(ids)).await?;
        let order = |row: &payments::Model| (PaymentId::from_uuid(row.id), OrderId::from_uuid(row.order_id));
        Ok(found.iter().map(order).collect())
    }

    async fn lock_payments(&mut self, ids: &BTreeSet<PaymentId>) -> Result<Payments, StorageError> {
        let headers = self.lane.select(&LOCK, rows::keys(ids)).await?;
        let payments = PaymentRows::read(&self.lane, headers).await?.payments()?;
        Ok(payments.into_iter().map(|payment| (payment.id, payment)).collect())
    }

    async fn save_given_back(
        &mut self,
        changed: &[Payment],
        events: &[(PaymentId, PaymentEvent)],
    ) -> Result<(), StorageError> {
        let rows = PaymentRows::of(changed)?;
        let events: Vec<_> =
            events.iter().map(|(payment, event)| rows::payments::event_row(*payment, event)).collect();
        self.lane.update(&SAVE_TENDERS, &rows.tenders).await?;
        self.lane.update(&SAVE_SUMMARIES, &rows.summaries).await?;
        self.lane.insert(&INSERT_EVENTS, &events).await
    }
}
