//! What a gate's no is checked against: what the database says about the claimant (ADR-019).

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use jangteo_coupon::{Allotment, Claimant, CouponQueries};
use jangteo_shared_kernel::{CouponId, Quantity, StorageError};
use uuid::Uuid;

use crate::group::{Group, Queue, SetWork, group};
use crate::{ClaimCoupon, IdempotencyQueries, IdempotencyRecord, RecordKey, Sources};

/// Reads for claims that a gate may refuse.
pub trait ClaimRecords: Sync {
    /// The campaign's allotment as it is committed.
    fn allotment(
        &self,
        campaign: CouponId,
    ) -> impl Future<Output = Result<Option<Allotment>, StorageError>> + Send;

    /// What is known about a claim.
    fn record(&self, claim: ClaimLookUp) -> impl Future<Output = Result<ClaimRecord, StorageError>> + Send;
}

/// A claim that is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimLookUp {
    /// Whose coupons are counted, and of which campaign; `None` if that need not be known.
    pub claimant: Option<Claimant>,
    /// What the request is named by.
    pub key: RecordKey,
}

/// What is committed about a claim.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimRecord {
    /// How many coupons of the campaign the claimant has. None if nobody asked.
    pub held: Quantity,
    /// What is stored under the key of the request.
    pub stored: Option<IdempotencyRecord>,
}

impl ClaimLookUp {
    /// The look-up of all that there is about a command.
    pub(crate) fn of(command: &ClaimCoupon) -> Self {
        Self { claimant: Some(command.claimant()), ..Self::of_answer(command) }
    }

    /// That of the stored answer only.
    pub(crate) fn of_answer(command: &ClaimCoupon) -> Self {
        Self { claimant: None, key: (command.mark.user, command.mark.key.clone()) }
    }
}

impl<S: CouponQueries + IdempotencyQueries> ClaimRecords for S {
    async fn allotment(&self, campaign: CouponId) -> Result<Option<Allotment>, StorageError> {
        self.find_allotment(campaign).await
    }

    async fn record(&self, claim: ClaimLookUp) -> Result<ClaimRecord, StorageError> {
        let records = look_up(self, &[claim]).await?;
        Ok(records.into_iter().next().unwrap_or_default())
    }
}

/// Those of a storage, looked up together for all claims that are refused at the same time (ADR-039).
#[derive(Debug)]
pub struct SharedClaimRecords<'a, S> {
    /// Where the allotments are.
    pub storage: &'a S,
    /// Where claims are looked up.
    pub look_ups: &'a Group<ClaimLookUp, ClaimRecord>,
}

impl<S: CouponQueries> ClaimRecords for SharedClaimRecords<'_, S> {
    async fn allotment(&self, campaign: CouponId) -> Result<Option<Allotment>, StorageError> {
        self.storage.find_allotment(campaign).await
    }

    async fn record(&self, claim: ClaimLookUp) -> Result<ClaimRecord, StorageError> {
        self.look_ups.submit(claim).await
    }
}

/// Looks claims up, set after set.
#[derive(Debug)]
pub struct ClaimReader {
    queue: Queue<ClaimLookUp, ClaimRecord>,
}

/// A group for claims that are looked up, and the reader at its end, which somebody has to run.
#[must_use]
pub fn group_claim_look_ups(sources: &Sources) -> (Group<ClaimLookUp, ClaimRecord>, ClaimReader) {
    let (claims, queue) = group("claim_look_up", sources);
    (claims, ClaimReader { queue })
}

impl ClaimReader {
    /// Looks up what was asked, and then what was asked meanwhile, until the group is closed and empty.
    pub async fn run(self, storage: impl CouponQueries + IdempotencyQueries + Send) {
        self.queue.serve(NonZeroU32::MIN, Reads(storage)).await;
    }
}

struct Reads<S>(S);

impl<S: CouponQueries + IdempotencyQueries + Send> SetWork for Reads<S> {
    type Command = ClaimLookUp;
    type Verdict = ClaimRecord;

    fn subjects(&self, _: &ClaimLookUp) -> Vec<Uuid> {
        Vec::new()
    }

    async fn work(&self, claims: &[ClaimLookUp]) -> Result<Vec<ClaimRecord>, StorageError> {
        look_up(&self.0, claims).await
    }
}

/// Two reads, however many claims; one if nobody's coupons are counted.
async fn look_up<S>(storage: &S, claims: &[ClaimLookUp]) -> Result<Vec<ClaimRecord>, StorageError>
where
    S: CouponQueries + IdempotencyQueries,
{
    let claimants: BTreeSet<Claimant> = claims.iter().filter_map(|claim| claim.claimant).collect();
    let keys: BTreeSet<RecordKey> = claims.iter().map(|claim| claim.key.clone()).collect();
    let held = storage.find_claims_of(&claimants).await?;
    let stored = storage.find_committed_records(&keys).await?;
    let record = |claim: &ClaimLookUp| ClaimRecord {
        held: claim.claimant.and_then(|claimant| held.get(&claimant)).copied().unwrap_or_default(),
        stored: stored.get(&claim.key).cloned(),
    };
    Ok(claims.iter().map(record).collect())
}
