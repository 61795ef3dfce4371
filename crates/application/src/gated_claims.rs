//! The way of a claim through the gate to the database and back (ADR-019).

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jangteo_coupon::{Admission, Allotment, ClaimGate, ClaimOutcome, ClaimRefusal, Claimant, IssuedCoupon};
use jangteo_shared_kernel::{CouponId, StorageError};

use crate::two_generations::TwoGenerations;
use crate::{ClaimCoupon, ClaimCouponRefusal, ClaimLookUp, ClaimRecord, ClaimRecords, Sources, Verdict};

/// How many campaigns' terms are remembered at least.
const CAMPAIGNS: usize = 1_000;

/// How many of those who came too late are remembered at least.
const LATECOMERS: usize = 100_000;

/// How often a claim asks again when the house is full, before it goes to the database all the same.
const TRIES: u32 = 6;

/// The first rest before it asks again; each is twice the one before, and up to as much again by chance.
const REST: Duration = Duration::from_millis(10);

/// What becomes of a claim.
pub type ClaimVerdict = Verdict<IssuedCoupon, ClaimCouponRefusal>;

/// Leads claims through a gate.
#[derive(Debug)]
pub struct GatedClaims<G> {
    gate: G,
    sources: Sources,
    /// When claims are open and how many coupons there are never changes; how many are claimed is not read from here.
    allotments: RwLock<TwoGenerations<CouponId, Arc<Allotment>>>,
    /// What claimants of sold-out campaigns are told: nobody gets another coupon there, so it stays what it is.
    latecomers: RwLock<TwoGenerations<Claimant, ClaimRefusal>>,
}

impl<G> GatedClaims<G> {
    /// Claims through this gate.
    pub fn new(gate: G, sources: Sources) -> Self {
        Self {
            gate,
            sources,
            allotments: RwLock::new(TwoGenerations::new(CAMPAIGNS)),
            latecomers: RwLock::new(TwoGenerations::new(LATECOMERS)),
        }
    }
}

impl<G: ClaimGate> GatedClaims<G> {
    /// Claims a coupon: says no to what is confirmed already, and lets `decide` decide the rest in a transaction.
    ///
    /// What is told is what `decide` alone would tell. One thing only may differ: a request that is sent again at the very
    /// moment at which claims close may hear so before its first answer is stored, and gets that answer the next time.
    pub async fn claim<E, F>(
        &self,
        records: &impl ClaimRecords,
        command: ClaimCoupon,
        decide: impl FnOnce(ClaimCoupon) -> F,
    ) -> Result<ClaimVerdict, E>
    where
        E: From<StorageError>,
        F: Future<Output = Result<ClaimVerdict, E>>,
    {
        let Some(allotment) = self.allotment(records, command.campaign).await? else {
            let record = records.record(ClaimLookUp::of_answer(&command)).await?;
            return Ok(refuse(&command, record, ClaimCouponRefusal::CampaignNotFound));
        };
        let pass = match allotment.check_open(self.sources.now()) {
            Ok(()) => self.enter(command.claimant()).await,
            Err(refusal) => Err(refusal),
        };
        let pass = match pass {
            Ok(pass) => pass,
            Err(ClaimRefusal::SoldOut) => return self.too_late(records, &command, &allotment).await,
            Err(refusal) => {
                let record = records.record(ClaimLookUp::of_answer(&command)).await?;
                return Ok(refuse(&command, record, refusal.into()));
            }
        };
        let verdict = decide(command).await;
        self.gate.leave(pass, outcome(verdict.as_ref().ok(), &allotment)).await;
        verdict
    }

    /// None is left, which whoever is at the limit does not hear. How many they have is counted once: it is read after the
    /// last coupon was committed.
    async fn too_late<E: From<StorageError>>(
        &self,
        records: &impl ClaimRecords,
        command: &ClaimCoupon,
        allotment: &Allotment,
    ) -> Result<ClaimVerdict, E> {
        let claimant = command.claimant();
        let known = {
            let latecomers = self.latecomers.read().unwrap_or_else(PoisonError::into_inner);
            latecomers.get(&claimant).copied()
        };
        if let Some(refusal) = known {
            let record = records.record(ClaimLookUp::of_answer(command)).await?;
            return Ok(refuse(command, record, refusal.into()));
        }
        let record = records.record(ClaimLookUp::of(command)).await?;
        let at_limit = record.held >= allotment.per_user;
        let refusal = if at_limit { ClaimRefusal::AlreadyClaimed } else { ClaimRefusal::SoldOut };
        let mut latecomers = self.latecomers.write().unwrap_or_else(PoisonError::into_inner);
        latecomers.insert(claimant, refusal);
        Ok(refuse(command, record, refusal.into()))
    }

    /// The allotment as far as it never changes.
    async fn allotment(
        &self,
        records: &impl ClaimRecords,
        campaign: CouponId,
    ) -> Result<Option<Arc<Allotment>>, StorageError> {
        let known = {
            let allotments = self.allotments.read().unwrap_or_else(PoisonError::into_inner);
            allotments.get(&campaign).cloned()
        };
        if known.is_some() {
            return Ok(known);
        }
        let Some(found) = records.allotment(campaign).await?.map(Arc::new) else { return Ok(None) };
        let mut allotments = self.allotments.write().unwrap_or_else(PoisonError::into_inner);
        allotments.insert(campaign, Arc::clone(&found));
        Ok(Some(found))
    }

    /// Asks until there is a yes or a no, and not for ever.
    async fn enter(&self, claimant: Claimant) -> Result<G::Pass, ClaimRefusal> {
        let Claimant { campaign, user } = claimant;
        let mut rest = REST;
        for _ in 0..TRIES {
            match self.gate.enter(campaign, user).await {
                Admission::Inside(pass) => return Ok(pass),
                Admission::AlreadyClaimed => return Err(ClaimRefusal::AlreadyClaimed),
                Admission::SoldOut => return Err(ClaimRefusal::SoldOut),
                Admission::Full => {}
            }
            let [jitter] = self.sources.random::<1>();
            tokio::time::sleep(rest + rest * u32::from(jitter) / 256).await;
            rest *= 2;
        }
        Ok(self.gate.pass_by(campaign, user))
    }
}

/// Passes a no on, unless the request has been answered before: a replay wins over any refusal.
fn refuse(command: &ClaimCoupon, record: ClaimRecord, refusal: ClaimCouponRefusal) -> ClaimVerdict {
    match record.stored {
        Some(stored) if stored.mark.fingerprint == command.mark.fingerprint => {
            Verdict::Replayed(stored.answer)
        }
        Some(_) => Verdict::KeyReused,
        None => Verdict::Refused(refusal),
    }
}

/// What a verdict tells the gate; `None` is none.
fn outcome(verdict: Option<&ClaimVerdict>, allotment: &Allotment) -> ClaimOutcome {
    match verdict {
        Some(Verdict::Accepted { outcome, .. }) => ClaimOutcome::issued(outcome, allotment),
        Some(Verdict::Refused(ClaimCouponRefusal::Claim(refusal))) => ClaimOutcome::Refused(*refusal),
        Some(
            Verdict::Refused(ClaimCouponRefusal::CampaignNotFound)
            | Verdict::Replayed(_)
            | Verdict::KeyReused,
        )
        | None => ClaimOutcome::Undecided,
    }
}
