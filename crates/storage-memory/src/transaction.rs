//! The transaction.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jangteo_application::{Event, IdempotencyRecord, Lease, LeaseName, RecordKey, StoredEvent};
use jangteo_coupon::{Campaign, IssuedCoupon};
use jangteo_order::Order;
use jangteo_payment::Payment;
use jangteo_point::PointEntry;
use jangteo_product::{Product, StockAdjustment};
use jangteo_ranking::{DailySales, Sale, SalesKey};
use jangteo_refund::Refund;
use jangteo_shared_kernel::{
    CouponId, EventId, IssuedCouponId, OrderId, PaymentId, ProductId, RefreshFamilyId, RefundId,
    StockAdjustmentId, StorageError, Transaction, UserId,
};
use jangteo_user::{RefreshFamily, User};

use crate::outbox::place;
use crate::points::PointRow;
use crate::sales::Noted;
use crate::state::{Shared, State};
use crate::table::Working;
use crate::unique::Claims;

/// An open transaction: row locks, and writes that only it sees. It implements every repository.
pub struct MemoryTransaction {
    pub(crate) shared: Arc<Shared>,
    pub(crate) users: Working<UserId, User>,
    pub(crate) refresh_families: Working<RefreshFamilyId, RefreshFamily>,
    pub(crate) orders: Working<OrderId, Order>,
    pub(crate) points: Working<UserId, PointRow>,
    pub(crate) point_history: Working<(UserId, i64), PointEntry>,
    pub(crate) products: Working<ProductId, Product>,
    pub(crate) stock_adjustments: Working<StockAdjustmentId, StockAdjustment>,
    pub(crate) payments: Working<PaymentId, Payment>,
    pub(crate) refunds: Working<RefundId, Refund>,
    pub(crate) campaigns: Working<CouponId, Campaign>,
    pub(crate) issued_coupons: Working<IssuedCouponId, IssuedCoupon>,
    pub(crate) uncounted_sales: Working<Noted, Sale>,
    pub(crate) daily_sales: Working<SalesKey, DailySales>,
    pub(crate) idempotency_records: Working<RecordKey, IdempotencyRecord>,
    pub(crate) leases: Working<LeaseName, Lease>,
    pub(crate) events: Vec<Event>,
    pub(crate) delivered: BTreeSet<EventId>,
    pub(crate) claims: Claims,
}

impl MemoryTransaction {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            users: Working::default(),
            refresh_families: Working::default(),
            orders: Working::default(),
            points: Working::default(),
            point_history: Working::default(),
            products: Working::default(),
            stock_adjustments: Working::default(),
            payments: Working::default(),
            refunds: Working::default(),
            campaigns: Working::default(),
            issued_coupons: Working::default(),
            uncounted_sales: Working::default(),
            daily_sales: Working::default(),
            idempotency_records: Working::default(),
            leases: Working::default(),
            events: Vec::new(),
            delivered: BTreeSet::new(),
            claims: Claims::default(),
        }
    }

    /// Whether no race was lost since the statements ran.
    fn check(&self, state: &State) -> Result<(), StorageError> {
        self.users.check(&state.users)?;
        self.refresh_families.check(&state.refresh_families)?;
        self.orders.check(&state.orders)?;
        self.points.check(&state.points)?;
        self.point_history.check(&state.point_history)?;
        self.products.check(&state.products)?;
        self.stock_adjustments.check(&state.stock_adjustments)?;
        self.payments.check(&state.payments)?;
        self.refunds.check(&state.refunds)?;
        self.campaigns.check(&state.campaigns)?;
        self.issued_coupons.check(&state.issued_coupons)?;
        self.uncounted_sales.check(&state.uncounted_sales)?;
        self.daily_sales.check(&state.daily_sales)?;
        self.idempotency_records.check(&state.idempotency_records)?;
        self.leases.check(&state.leases)?;
        self.claims.check(&state.unique)
    }

    fn apply(&mut self, state: &mut State) {
        self.users.apply(&mut state.users);
        self.refresh_families.apply(&mut state.refresh_families);
        self.orders.apply(&mut state.orders);
        self.points.apply(&mut state.points);
        self.point_history.apply(&mut state.point_history);
        self.products.apply(&mut state.products);
        self.stock_adjustments.apply(&mut state.stock_adjustments);
        self.payments.apply(&mut state.payments);
        self.refunds.apply(&mut state.refunds);
        self.campaigns.apply(&mut state.campaigns);
        self.issued_coupons.apply(&mut state.issued_coupons);
        self.uncounted_sales.apply(&mut state.uncounted_sales);
        self.daily_sales.apply(&mut state.daily_sales);
        self.idempotency_records.apply(&mut state.idempotency_records);
        self.leases.apply(&mut state.leases);
        let told = self.events.iter().map(StoredEvent::from).map(|event| (place(&event), event));
        state.undelivered.extend(told);
        state.undelivered.retain(|_, event| !self.delivered.contains(&event.id));
        state.events.append(&mut self.events);
        self.claims.apply(&mut state.unique);
    }
}

impl fmt::Debug for MemoryTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTransaction").finish_non_exhaustive()
    }
}

impl Transaction for MemoryTransaction {
    async fn commit(mut self) -> Result<(), StorageError> {
        let shared = Arc::clone(&self.shared);
        let mut state = shared.state();
        self.check(&state)?;
        self.apply(&mut state);
        Ok(())
        // The locks go with `self`, after the state has changed.
    }

    async fn rollback(self) -> Result<(), StorageError> {
        Ok(())
    }
}
