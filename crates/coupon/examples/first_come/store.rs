//! Campaigns and coupons in maps, with transactions that lock rows: all that `jangteo-coupon` asks of a storage.
//!
//! Whoever waits for a row blocks the thread. That fits a service with a thread for each request; an asynchronous one waits
//! by the means of its run time, or of its database.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use jangteo_coupon::{
    Allotment, Allotments, Campaign, CampaignRepository, Claimant, CouponTerms, IssuedCoupon,
    IssuedCouponRepository, IssuedCoupons,
};
use jangteo_shared_kernel::{CouponId, IssuedCouponId, Quantity, StorageError, Transaction, UnitOfWork};

/// How long somebody waits for a row at most.
const PATIENCE: Duration = Duration::from_secs(5);

/// The store. A clone is the same store.
#[derive(Debug, Clone, Default)]
pub(crate) struct Store(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    unlocked: Condvar,
}

/// What is committed, and what open transactions hold.
#[derive(Debug, Default)]
struct State {
    campaigns: BTreeMap<CouponId, Campaign>,
    coupons: BTreeMap<IssuedCouponId, IssuedCoupon>,
    locked: BTreeSet<Row>,
}

/// What can be locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Row {
    Campaign(CouponId),
    Coupon(IssuedCouponId),
}

/// An open transaction: it is the repositories. What it has written is its own until it commits.
#[derive(Debug)]
pub(crate) struct StoreTransaction {
    shared: Arc<Shared>,
    held: BTreeSet<Row>,
    campaigns: BTreeMap<CouponId, Campaign>,
    coupons: BTreeMap<IssuedCouponId, IssuedCoupon>,
}

impl UnitOfWork for Store {
    type Tx = StoreTransaction;

    async fn begin(&self) -> Result<StoreTransaction, StorageError> {
        let shared = Arc::clone(&self.0);
        let (held, campaigns, coupons) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
        Ok(StoreTransaction { shared, held, campaigns, coupons })
    }
}

impl Transaction for StoreTransaction {
    async fn commit(mut self) -> Result<(), StorageError> {
        // As long as a disk takes, others have their turn: a lock that does not hold would be seen.
        thread::yield_now();
        let mut state = self.shared.state();
        state.campaigns.append(&mut self.campaigns);
        state.coupons.append(&mut self.coupons);
        Ok(())
    }

    async fn rollback(self) -> Result<(), StorageError> {
        Ok(())
    }
}

impl Drop for StoreTransaction {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.locked.retain(|row| !self.held.contains(row));
        self.shared.unlocked.notify_all();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StoreTransaction {
    /// Locks rows, which are given in ascending order.
    fn lock(&mut self, rows: impl Iterator<Item = Row>) -> Result<(), StorageError> {
        let shared = Arc::clone(&self.shared);
        let mut state = shared.state();
        for row in rows.filter(|row| !self.held.contains(row)).collect::<Vec<_>>() {
            let taken = |state: &mut State| state.locked.contains(&row);
            let waited = shared.unlocked.wait_timeout_while(state, PATIENCE, taken);
            let (granted, outcome) = waited.unwrap_or_else(PoisonError::into_inner);
            state = granted;
            if outcome.timed_out() {
                return Err(StorageError::Unavailable("somebody holds a row for too long".into()));
            }
            state.locked.insert(row);
            self.held.insert(row);
        }
        Ok(())
    }

    fn check_held(&self, row: Row) -> Result<(), StorageError> {
        if self.held.contains(&row) { Ok(()) } else { Err(StorageError::Fatal("a row is not locked".into())) }
    }

    /// A campaign as this transaction sees it.
    fn campaign(&self, id: CouponId) -> Option<Campaign> {
        self.campaigns.get(&id).cloned().or_else(|| self.shared.state().campaigns.get(&id).cloned())
    }

    /// All coupons as this transaction sees them.
    fn coupons(&self) -> BTreeMap<IssuedCouponId, IssuedCoupon> {
        let mut coupons = self.shared.state().coupons.clone();
        coupons.extend(self.coupons.clone());
        coupons
    }
}

impl CampaignRepository for StoreTransaction {
    async fn insert_campaigns(&mut self, new: &[Campaign]) -> Result<(), StorageError> {
        if new.iter().any(|campaign| self.campaign(campaign.id).is_some()) {
            return Err(StorageError::Transient("there is a campaign of this id".into()));
        }
        self.campaigns.extend(new.iter().map(|campaign| (campaign.id, campaign.clone())));
        Ok(())
    }

    async fn lock_campaigns(&mut self, ids: &BTreeSet<CouponId>) -> Result<Allotments, StorageError> {
        self.lock(ids.iter().map(|id| Row::Campaign(*id)))?;
        let found = ids.iter().filter_map(|id| Some((*id, self.campaign(*id)?.allotment)));
        Ok(found.collect())
    }

    async fn find_coupon_terms(
        &mut self,
        ids: &BTreeSet<CouponId>,
    ) -> Result<BTreeMap<CouponId, CouponTerms>, StorageError> {
        Ok(ids.iter().filter_map(|id| Some((*id, self.campaign(*id)?.terms))).collect())
    }

    async fn save_claimed(&mut self, changed: &[Allotment]) -> Result<(), StorageError> {
        for allotment in changed {
            self.check_held(Row::Campaign(allotment.campaign))?;
            if allotment.claimed > allotment.total {
                return Err(StorageError::Fatal("more coupons are claimed than there are".into()));
            }
            if let Some(mut campaign) = self.campaign(allotment.campaign) {
                campaign.allotment.claimed = allotment.claimed;
                self.campaigns.insert(campaign.id, campaign);
            }
        }
        Ok(())
    }
}

impl IssuedCouponRepository for StoreTransaction {
    async fn count_claims(
        &mut self,
        claimants: &BTreeSet<Claimant>,
    ) -> Result<BTreeMap<Claimant, Quantity>, StorageError> {
        let mut counts = BTreeMap::new();
        for coupon in self.coupons().values() {
            let claimant = Claimant { campaign: coupon.campaign, user: coupon.user };
            if claimants.contains(&claimant) {
                let count: &mut Quantity = counts.entry(claimant).or_default();
                *count = count.plus(Quantity::ONE).map_err(|error| StorageError::Fatal(error.into()))?;
            }
        }
        Ok(counts)
    }

    async fn lock_issued_coupons(
        &mut self,
        ids: &BTreeSet<IssuedCouponId>,
    ) -> Result<IssuedCoupons, StorageError> {
        self.lock(ids.iter().map(|id| Row::Coupon(*id)))?;
        Ok(self.coupons().into_iter().filter(|(id, _)| ids.contains(id)).collect())
    }

    async fn insert_issued_coupons(&mut self, new: &[IssuedCoupon]) -> Result<(), StorageError> {
        let known = self.coupons();
        // The unique keys of a database.
        let clashes = |one: &IssuedCoupon, other: &IssuedCoupon| {
            one.campaign == other.campaign
                && (one.sequence == other.sequence || (one.user == other.user && one.nth == other.nth))
        };
        if new.iter().any(|coupon| known.values().any(|other| clashes(coupon, other))) {
            return Err(StorageError::Transient("somebody has this place".into()));
        }
        self.coupons.extend(new.iter().map(|coupon| (coupon.id, coupon.clone())));
        Ok(())
    }

    async fn save_issued_coupons(&mut self, changed: &[IssuedCoupon]) -> Result<(), StorageError> {
        for coupon in changed {
            self.check_held(Row::Coupon(coupon.id))?;
            self.coupons.insert(coupon.id, coupon.clone());
        }
        Ok(())
    }
}
