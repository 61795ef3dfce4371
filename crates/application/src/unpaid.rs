//! Orders that end unpaid: cancelled, expired, or of an account that was deleted. What they hold goes back.

use std::collections::BTreeSet;

use jangteo_coupon::IssuedCouponRepository;
use jangteo_order::{Order, OrderRepository, Orders};
use jangteo_product::{Product, ProductRepository};
use jangteo_shared_kernel::{OrderId, ProductId, StorageError, Timestamp};
use serde_json::json;

use crate::changed::changed;
use crate::coupons::CouponBook;
use crate::outbox::event;
use crate::{Aggregate, Event, EventKind, Sources};

/// Locked orders of which some may end, with the coupons that they use.
pub(crate) struct UnpaidOrders {
    pub(crate) orders: Orders,
    coupons: CouponBook,
    ended: BTreeSet<OrderId>,
}

impl UnpaidOrders {
    /// Locks the coupons of orders that are locked already.
    pub(crate) async fn lock(
        tx: &mut impl IssuedCouponRepository,
        orders: Orders,
    ) -> Result<Self, StorageError> {
        let coupons = orders.values().filter_map(|order| order.issued_coupon).collect();
        let coupons = CouponBook::lock_to_give_back(tx, coupons).await?;
        Ok(Self { orders, coupons, ended: BTreeSet::new() })
    }

    /// Takes note that an order has ended just now.
    pub(crate) fn ended(&mut self, order: OrderId) {
        if let Some(order) = self.orders.get(&order) {
            self.coupons.give_back(order);
            self.ended.insert(order.id);
        }
    }

    /// Lets `end` end what it will of the orders.
    pub(crate) fn end_each(&mut self, end: impl Fn(&mut Order) -> bool) {
        let ids: Vec<OrderId> = self.orders.keys().copied().collect();
        for id in ids {
            if self.orders.get_mut(&id).is_some_and(&end) {
                self.ended(id);
            }
        }
    }

    /// How many have ended.
    pub(crate) fn count(&self) -> usize {
        self.ended.len()
    }

    /// Saves the orders that have ended, with their units back in the stock and their coupons with their users; gives
    /// what there is to tell.
    pub(crate) async fn give_back<Tx>(
        self,
        tx: &mut Tx,
        sources: &Sources,
        kind: EventKind,
        now: Timestamp,
    ) -> Result<Vec<Event>, StorageError>
    where
        Tx: OrderRepository + ProductRepository + IssuedCouponRepository,
    {
        if self.ended.is_empty() {
            return Ok(Vec::new());
        }
        let gone = changed(&self.orders, &self.ended);
        let lines = || gone.iter().flat_map(|order| &order.lines);
        let wanted: BTreeSet<ProductId> = lines().map(|line| line.product).collect();
        let mut products = tx.lock_products(&wanted).await?;
        for line in lines() {
            if let Some(product) = products.get_mut(&line.product) {
                product.put_back(line.quantity);
            }
        }
        tx.save_order_states(&gone).await?;
        self.coupons.save(tx).await?;
        tx.save_stock(&products.into_values().collect::<Vec<Product>>()).await?;
        let told = |order: &Order| {
            let data = json!({ "userId": order.user, "issuedCouponId": order.issued_coupon });
            event(sources, now, kind, (Aggregate::Order, order.id, order.version), data)
        };
        Ok(gone.iter().map(told).collect())
    }
}
