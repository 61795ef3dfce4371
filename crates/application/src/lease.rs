//! Leases: what only one instance may do at a time, until its time runs out.

use chrono::TimeDelta;
use jangteo_shared_kernel::{Id, StorageError, Timestamp};

use crate::Sources;

/// How long a lease holds.
pub(crate) const LEASE: TimeDelta = TimeDelta::seconds(30);

/// With less than that left, a holder renews it.
const RENEWED_BELOW: TimeDelta = TimeDelta::seconds(20);

/// Who can hold a lease, as an id's kind.
#[derive(Debug)]
pub enum LeaseHolder {}

/// Names whoever holds a lease: a run of a process, not a machine.
pub type LeaseHolderId = Id<LeaseHolder>;

/// What a lease is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeaseName {
    /// Delivering events.
    EventRelay,
    /// Counting sales, and computing them anew.
    SalesCount,
}

/// Who may do it, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// For what.
    pub name: LeaseName,
    /// Who.
    pub holder: LeaseHolderId,
    /// From then on anybody may take it.
    pub expires_at: Timestamp,
}

/// Leases inside a transaction.
pub trait LeaseRepository: Send {
    /// Locks a lease until the transaction ends; `None` if nobody has ever held it.
    fn lock_lease(
        &mut self,
        name: LeaseName,
    ) -> impl Future<Output = Result<Option<Lease>, StorageError>> + Send;

    /// Adds a lease that nobody has ever held. Of two at once one wins.
    fn insert_lease(&mut self, new: &Lease) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// Saves holder and expiry of a lease that was locked.
    fn save_lease(&mut self, changed: &Lease) -> impl Future<Output = Result<(), StorageError>> + Send;
}

impl LeaseName {
    /// The name in storages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EventRelay => "event-relay",
            Self::SalesCount => "sales-count",
        }
    }
}

/// Takes a lease that is free, keeps one that is ours, and renews it in time. `None` while somebody else holds it.
pub(crate) async fn hold_lease(
    tx: &mut impl LeaseRepository,
    name: LeaseName,
    holder: LeaseHolderId,
    sources: &Sources,
) -> Result<Option<Lease>, StorageError> {
    let found = tx.lock_lease(name).await?;
    // The lock may have been waited for, so the time is told only now.
    let now = sources.now();
    let held = Lease { name, holder, expires_at: now + LEASE };
    match found {
        None => tx.insert_lease(&held).await?,
        Some(found) if found.holder == holder && found.expires_at >= now + RENEWED_BELOW => {
            return Ok(Some(found));
        }
        Some(found) if found.holder == holder || found.expires_at <= now => tx.save_lease(&held).await?,
        Some(_) => return Ok(None),
    }
    Ok(Some(held))
}

/// Waits until nobody else has the row of a lease locked, and keeps it locked until the transaction ends. The lease itself
/// runs out at once: for what begins and ends within a transaction, the lock of the row is enough.
pub(crate) async fn lock_alone(
    tx: &mut impl LeaseRepository,
    name: LeaseName,
    sources: &Sources,
) -> Result<(), StorageError> {
    if tx.lock_lease(name).await?.is_none() {
        let now = sources.now();
        tx.insert_lease(&Lease { name, holder: sources.id(now), expires_at: now }).await?;
    }
    Ok(())
}

/// Gives a lease up before its time, if it is still ours: it has run out then by every clock.
pub(crate) async fn release_lease(
    tx: &mut impl LeaseRepository,
    name: LeaseName,
    holder: LeaseHolderId,
) -> Result<(), StorageError> {
    match tx.lock_lease(name).await? {
        Some(lease) if lease.holder == holder => {
            tx.save_lease(&Lease { expires_at: Timestamp::UNIX_EPOCH, ..lease }).await
        }
        _ => Ok(()),
    }
}
