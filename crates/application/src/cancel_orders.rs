//! Cancelling unpaid orders: their units and their coupons go back.

use jangteo_coupon::IssuedCouponRepository;
use jangteo_order::{CancelRefusal, Cancelled, Order, OrderRepository};
use jangteo_product::ProductRepository;
use jangteo_shared_kernel::{OrderId, StorageError, Timestamp, UserId};

use crate::outbox::tell;
use crate::unpaid::UnpaidOrders;
use crate::{EventKind, Outbox, SetUseCase, Sources};

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
    Tx: OrderRepository + ProductRepository + IssuedCouponRepository + Outbox,
{
    type Command = CancelOrder;
    type Verdict = Result<Order, CancelOrderRefusal>;

    async fn decide(
        &self,
        tx: &mut Tx,
        commands: &[CancelOrder],
    ) -> Result<Vec<Self::Verdict>, StorageError> {
        let orders = tx.lock_orders(&commands.iter().map(|command| command.order).collect()).await?;
        let mut unpaid = UnpaidOrders::lock(tx, orders).await?;
        let now = self.sources.now();
        let verdicts = commands.iter().map(|command| cancel(&mut unpaid, command, now)).collect();
        let events = unpaid.give_back(tx, &self.sources, EventKind::OrderCancelled, now).await?;
        tell(tx, events).await?;
        Ok(verdicts)
    }
}

fn cancel(
    unpaid: &mut UnpaidOrders,
    command: &CancelOrder,
    now: Timestamp,
) -> Result<Order, CancelOrderRefusal> {
    let order = unpaid.orders.get_mut(&command.order).filter(|order| order.user == command.user);
    let order = order.ok_or(CancelOrderRefusal::OrderNotFound)?;
    let cancelled = order.cancel(now)?;
    let order = order.clone();
    if cancelled == Cancelled::Now {
        unpaid.ended(order.id);
    }
    Ok(order)
}
