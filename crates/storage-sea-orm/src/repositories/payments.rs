//! Payments inside a transaction.

use jangteo_payment::{Payment, PaymentRepository};
use jangteo_shared_kernel::StorageError;

use crate::SeaOrmTransaction;
use crate::entity::{payment_events, payment_shares, payment_summaries, payment_tenders, payments};
use crate::rows::payments::PaymentRows;
use crate::set::InsertSet;

static INSERT: InsertSet<payments::Entity> = InsertSet::new();
static INSERT_TENDERS: InsertSet<payment_tenders::Entity> = InsertSet::new();
static INSERT_SHARES: InsertSet<payment_shares::Entity> = InsertSet::new();
static INSERT_EVENTS: InsertSet<payment_events::Entity> = InsertSet::new();
static INSERT_SUMMARIES: InsertSet<payment_summaries::Entity> = InsertSet::new();

impl PaymentRepository for SeaOrmTransaction {
    async fn insert_payments(&mut self, new: &[Payment]) -> Result<(), StorageError> {
        let rows = PaymentRows::of(new)?;
        self.lane.insert(&INSERT, &rows.headers).await?;
        self.lane.insert(&INSERT_TENDERS, &rows.tenders).await?;
        self.lane.insert(&INSERT_SHARES, &rows.shares).await?;
        self.lane.insert(&INSERT_EVENTS, &rows.events).await?;
        self.lane.insert(&INSERT_SUMMARIES, &rows.summaries).await
    }
}
