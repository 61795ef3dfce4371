//! Letting unpaid orders expire: a job that any instance may run, several at once.

use jangteo_coupon::IssuedCouponRepository;
use jangteo_order::OrderRepository;
use jangteo_product::ProductRepository;
use jangteo_shared_kernel::{StorageError, UnitOfWork};

use crate::outbox::tell;
use crate::unpaid::UnpaidOrders;
use crate::{EventKind, Outbox, SetUseCase, Sources, submit};

/// How many orders expire in one transaction, so that a shop that is busy never waits long.
const BATCH: u32 = 100;

/// Lets the orders expire whose time has run out, in small transactions, and says how many. Their units and
/// coupons go back. Paying and expiring at once have one winner: the lock of the order's row.
pub async fn expire_due_orders<U>(uow: &U, sources: &Sources) -> Result<u64, StorageError>
where
    U: UnitOfWork,
    U::Tx: OrderRepository + ProductRepository + IssuedCouponRepository + Outbox,
{
    let mut expired = 0;
    loop {
        let batch = submit(uow, &ExpireDueOrders { sources: sources.clone() }, sources, BATCH).await?;
        expired += u64::from(batch);
        if batch < BATCH {
            return Ok(expired);
        }
    }
}

/// Lets at most so many orders expire; the verdict is how many there were.
struct ExpireDueOrders {
    sources: Sources,
}

impl<Tx> SetUseCase<Tx> for ExpireDueOrders
where
    Tx: OrderRepository + ProductRepository + IssuedCouponRepository + Outbox,
{
    type Command = u32;
    type Verdict = u32;

    async fn decide(&self, tx: &mut Tx, commands: &[u32]) -> Result<Vec<u32>, StorageError> {
        let mut counts = Vec::with_capacity(commands.len());
        for most in commands {
            let now = self.sources.now();
            let orders = tx.lock_due_orders(now, *most).await?;
            let longest = orders.values().map(|order| order.expires_at).min();
            self.sources.meters().expiry_lag.since(longest, now);
            let mut unpaid = UnpaidOrders::lock(tx, orders).await?;
            unpaid.end_each(|order| order.expire(now).is_ok());
            counts.push(u32::try_from(unpaid.count()).unwrap_or(u32::MAX));
            let events = unpaid.give_back(tx, &self.sources, EventKind::OrderExpired, now).await?;
            tell(tx, events).await?;
        }
        Ok(counts)
    }
}
