//! What is committed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jangteo_application::{Event, IdempotencyRecord, Lease, LeaseName, RecordKey, StoredEvent};
use jangteo_coupon::{Campaign, IssuedCoupon};
use jangteo_order::Order;
use jangteo_payment::Payment;
use jangteo_point::PointEntry;
use jangteo_product::{Product, StockAdjustment};
use jangteo_ranking::{DailySales, Sale, SalesKey};
use jangteo_refund::Refund;
use jangteo_shared_kernel::{
    CouponId, IssuedCouponId, OrderId, PaymentId, ProductId, RefreshFamilyId, RefundId, StockAdjustmentId,
    StorageError, UserId,
};
use jangteo_user::{RefreshFamily, User};
use tokio::sync::OwnedMutexGuard;

use crate::fault::lock_timeout;
use crate::outbox::Place;
use crate::points::PointRow;
use crate::sales::Noted;
use crate::table::Table;
use crate::unique::Unique;

/// Every table.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) users: Table<UserId, User>,
    pub(crate) refresh_families: Table<RefreshFamilyId, RefreshFamily>,
    pub(crate) orders: Table<OrderId, Order>,
    pub(crate) points: Table<UserId, PointRow>,
    pub(crate) point_history: Table<(UserId, i64), PointEntry>,
    pub(crate) products: Table<ProductId, Product>,
    pub(crate) stock_adjustments: Table<StockAdjustmentId, StockAdjustment>,
    pub(crate) payments: Table<PaymentId, Payment>,
    pub(crate) refunds: Table<RefundId, Refund>,
    pub(crate) campaigns: Table<CouponId, Campaign>,
    pub(crate) issued_coupons: Table<IssuedCouponId, IssuedCoupon>,
    pub(crate) uncounted_sales: Table<Noted, Sale>,
    pub(crate) daily_sales: Table<SalesKey, DailySales>,
    pub(crate) idempotency_records: Table<RecordKey, IdempotencyRecord>,
    /// All that was ever told.
    pub(crate) events: Vec<Event>,
    pub(crate) undelivered: BTreeMap<Place, StoredEvent>,
    pub(crate) leases: Table<LeaseName, Lease>,
    pub(crate) unique: BTreeSet<Unique>,
}

/// What a storage and its transactions share.
pub(crate) struct Shared {
    state: Mutex<State>,
    lock_wait: Duration,
}

impl Shared {
    pub(crate) fn new(lock_wait: Duration) -> Self {
        Self { state: Mutex::default(), lock_wait }
    }

    /// The committed state, held for a moment and never across an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics between the first and the last change of a commit, so a poisoned state is a whole one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a row, but not for ever. A free one needs no timer.
    pub(crate) async fn wait_for(
        &self,
        lock: Arc<tokio::sync::Mutex<()>>,
    ) -> Result<OwnedMutexGuard<()>, StorageError> {
        if let Ok(guard) = Arc::clone(&lock).try_lock_owned() {
            return Ok(guard);
        }
        tokio::time::timeout(self.lock_wait, lock.lock_owned()).await.map_err(|_| lock_timeout())
    }
}
