//! Deleting accounts: unpaid orders cancelled, points written off, log-ins ended, personal data destroyed.

use jangteo_coupon::IssuedCouponRepository;
use jangteo_order::{Cancelled, OrderRepository};
use jangteo_point::PointRepository;
use jangteo_product::ProductRepository;
use jangteo_shared_kernel::{StorageError, UserId};
use jangteo_user::{RefreshFamilyRepository, User, UserRepository};
use serde_json::json;

use crate::edit_profiles::AccountNotFound;
use crate::outbox::{event, tell};
use crate::points::PointBook;
use crate::refresh_sessions::end;
use crate::unpaid::UnpaidOrders;
use crate::{Aggregate, EventKind, Outbox, SetUseCase, Sources};

/// Deletes the accounts of these users.
#[derive(Debug, Clone)]
pub struct DeleteAccounts {
    /// Time and chance.
    pub sources: Sources,
}

impl<Tx> SetUseCase<Tx> for DeleteAccounts
where
    Tx: UserRepository
        + RefreshFamilyRepository
        + OrderRepository
        + PointRepository
        + ProductRepository
        + IssuedCouponRepository
        + Outbox,
{
    type Command = UserId;
    type Verdict = Result<(), AccountNotFound>;

    async fn decide(&self, tx: &mut Tx, commands: &[UserId]) -> Result<Vec<Self::Verdict>, StorageError> {
        let mut users = tx.lock_users(&commands.iter().copied().collect()).await?;
        users.retain(|_, user| user.is_active());

        // Everything is locked in the global order: log-ins, orders, coupons, points, and stock last.
        let leaving = users.keys().copied().collect();
        let families = tx.lock_open_refresh_families_of(&leaving).await?;
        let unpaid = tx.find_unpaid_orders_of(&leaving).await?;
        let orders = tx.lock_orders(&unpaid).await?;
        let mut unpaid = UnpaidOrders::lock(tx, orders).await?;
        let mut points = PointBook::lock(tx, leaving.into_iter()).await?;

        let now = self.sources.now();
        // An order may have been paid between the look and the lock; it then stays as it is.
        unpaid.end_each(|order| order.cancel(now) == Ok(Cancelled::Now));
        let mut events = Vec::new();
        for user in users.values_mut() {
            user.delete(now);
            let written_off =
                points.account(user.id).map(|account| account.close(|| self.sources.id(now), now));
            points.add(written_off.into_iter().flatten());
            let about = (Aggregate::User, user.id, user.version);
            events.push(event(&self.sources, now, EventKind::UserDeleted, about, json!({})));
        }

        let verdicts = commands.iter().map(|id| users.get(id).map(|_| ()).ok_or(AccountNotFound)).collect();
        events.extend(unpaid.give_back(tx, &self.sources, EventKind::OrderCancelled, now).await?);
        events.extend(points.save(tx, &self.sources).await?);
        end(tx, families, now).await?;
        let deleted: Vec<User> = users.into_values().collect();
        if !deleted.is_empty() {
            tx.save_users(&deleted).await?;
        }
        tell(tx, events).await?;
        Ok(verdicts)
    }
}
