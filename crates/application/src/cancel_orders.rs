//! Cancelling unpaid orders: their units go back into the stock.

use std::collections::BTreeSet;

use jangteo_order::{CancelRefusal, Cancelled, Order, OrderRepository, Orders};
use jangteo_product::{Product, ProductRepository, Products};
use jangteo_shared_kernel::{OrderId, ProductId, StorageError, Timestamp, UserId};
use serde_json::json;

use crate::changed::changed;
use crate::outbox::{event, tell};
use crate::{Aggregate, Event, EventKind, Outbox, SetUseCase, Sources};

/// Somebody gives an order up.
#[derive(Debug, Clone, Copy)]
pub struct CancelOrder {
    /// Who.
    pub user: UserId,
    /// Which order.
    pub order: OrderId,
}

/// Why an order was not cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CancelOrderRefusal {
    /// There is no such order of this user.
    #[error("there is no such order")]
    OrderNotFound,
    /// It is past cancelling.
    #[error(transparent)]
    NotCancellable(#[from] CancelRefusal),
}

/// Cancels orders.
#[derive(Debug, Clone)]
pub struct CancelOrders {
    /// Time and chance.
    pub sources: Sources,
}

impl<Tx> SetUseCase<Tx> for CancelOrders
where
    Tx: OrderRepository + ProductRepository + Outbox,
{
    type Command = CancelOrder;
    type Verdict = Result<Order, CancelOrderRefusal>;

    async fn decide(
        &self,
        tx: &mut Tx,
        commands: &[CancelOrder],
    ) -> Result<Vec<Self::Verdict>, StorageError> {
        let mut orders = tx.lock_orders(&commands.iter().map(|command| command.order).collect()).await?;
        let now = self.sources.now();
        let mut cancelled = BTreeSet::new();
        let verdicts = commands
            .iter()
            .map(|command| {
                let order = orders.get_mut(&command.order).filter(|order| order.user == command.user);
                let order = order.ok_or(CancelOrderRefusal::OrderNotFound)?;
                if order.cancel(now)? == Cancelled::Now {
                    cancelled.insert(order.id);
                }
                Ok(order.clone())
            })
            .collect();
        let events =
            give_back(tx, &self.sources, &orders, &cancelled, EventKind::OrderCancelled, now).await?;
        tell(tx, events).await?;
        Ok(verdicts)
    }
}

/// Saves orders that were just cancelled or have expired, with their units back in the stock; gives what there is to tell.
pub(crate) async fn give_back<Tx>(
    tx: &mut Tx,
    sources: &Sources,
    orders: &Orders,
    ended: &BTreeSet<OrderId>,
    kind: EventKind,
    now: Timestamp,
) -> Result<Vec<Event>, StorageError>
where
    Tx: OrderRepository + ProductRepository,
{
    if ended.is_empty() {
        return Ok(Vec::new());
    }
    let gone = changed(orders, ended);
    let lines = || gone.iter().flat_map(|order| &order.lines);
    let wanted: BTreeSet<ProductId> = lines().map(|line| line.product).collect();
    let mut products: Products = tx.lock_products(&wanted).await?;
    for line in lines() {
        if let Some(product) = products.get_mut(&line.product) {
            product.put_back(line.quantity);
        }
    }
    tx.save_order_states(&gone).await?;
    tx.save_stock(&products.into_values().collect::<Vec<Product>>()).await?;
    let told = |order: &Order| {
        let data = json!({ "userId": order.user });
        event(sources, now, kind, (Aggregate::Order, order.id, order.version), data)
    };
    Ok(gone.iter().map(told).collect())
}
