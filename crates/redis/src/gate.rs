//! The gate in front of a claim storm, shared by all instances.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use jangteo_application::{ConfirmedRefusals, Sources};
use jangteo_coupon::{Admission, Allotment, ClaimGate, ClaimOutcome, ClaimRefusal, Claimant, CouponQueries};
use jangteo_shared_kernel::{CouponId, UserId};
use tokio::sync::Mutex;

use crate::Redis;
use crate::connection::Away;
use crate::gate_script::{GateScripts, Said};

/// How often a gate looks for its memory before it lets a claim pass by. It may be lost again while it is rebuilt.
const TRIES: u32 = 3;

/// Gates the claims of all instances together (ADR-019).
///
/// What the database has confirmed is remembered in the process as well, so that those who come too late are answered
/// without Redis. While Redis is away everybody is let in.
pub struct RedisGate<Q> {
    redis: Redis,
    allotments: Q,
    sources: Sources,
    scripts: GateScripts,
    confirmed: ConfirmedRefusals,
    /// Held by the one who rebuilds.
    rebuilding: Mutex<()>,
    rebuilt: AtomicU64,
}

/// A pass of [`RedisGate`]. If it is dropped, its place comes back when its lease has run out.
#[derive(Debug)]
pub struct RedisPass {
    claimant: Claimant,
    place: Option<Place>,
}

/// A place in the memory of one epoch.
#[derive(Debug)]
struct Place {
    epoch: String,
    name: String,
}

impl RedisPass {
    /// Whether the gate counts its holder among those inside. It does not while it has no memory.
    #[must_use]
    pub const fn has_place(&self) -> bool {
        self.place.is_some()
    }
}

impl<Q> RedisGate<Q> {
    /// A gate whose memory is in Redis, and that starts from what is read from the database.
    pub fn new(redis: Redis, allotments: Q, sources: Sources) -> Self {
        Self {
            redis,
            allotments,
            sources,
            scripts: GateScripts::new(),
            confirmed: ConfirmedRefusals::new(),
            rebuilding: Mutex::new(()),
            rebuilt: AtomicU64::new(0),
        }
    }

    /// A name that nobody else draws.
    fn name(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.sources.random()))
    }
}

/// There is no memory to ask, so everybody is let in.
struct NoMemory;

impl From<Away> for NoMemory {
    fn from(Away: Away) -> Self {
        Self
    }
}

impl<Q: CouponQueries> RedisGate<Q> {
    async fn ask(&self, claimant: Claimant) -> Result<Admission<RedisPass>, NoMemory> {
        for _ in 0..TRIES {
            let rebuilt = self.rebuilt.load(Ordering::Acquire);
            let name = self.name();
            let refusal = match self.scripts.enter(&self.redis, claimant, &name).await? {
                Said::Inside { epoch } => {
                    let place = Some(Place { epoch, name });
                    return Ok(Admission::Inside(RedisPass { claimant, place }));
                }
                Said::Full => return Ok(Admission::Full),
                Said::AlreadyClaimed => ClaimRefusal::AlreadyClaimed,
                Said::SoldOut => ClaimRefusal::SoldOut,
                Said::Lost => {
                    self.rebuild(claimant.campaign, rebuilt).await?;
                    continue;
                }
            };
            self.confirmed.note(claimant, ClaimOutcome::Refused(refusal));
            return Admission::refused(refusal).ok_or(NoMemory);
        }
        Err(NoMemory)
    }

    /// Starts the memory of a campaign anew from the database, unless somebody else in this process has done so since.
    /// Of several processes one does; the others find it done.
    async fn rebuild(&self, campaign: CouponId, rebuilt_before: u64) -> Result<(), NoMemory> {
        let _alone = self.rebuilding.lock().await;
        if self.rebuilt.load(Ordering::Acquire) != rebuilt_before {
            return Ok(());
        }
        let found = self.allotments.find_allotment(campaign).await;
        let allotment: Allotment = found.ok().flatten().ok_or(NoMemory)?;
        self.scripts.start(&self.redis, &allotment, &self.name()).await?;
        self.rebuilt.fetch_add(1, Ordering::Release);
        tracing::info!(%campaign, claimed = %allotment.claimed, "the gate of a campaign starts from the database");
        Ok(())
    }
}

impl<Q: CouponQueries + Send> ClaimGate for RedisGate<Q> {
    type Pass = RedisPass;

    async fn enter(&self, campaign: CouponId, user: UserId) -> Admission<RedisPass> {
        let claimant = Claimant { campaign, user };
        if let Some(no) = self.confirmed.find(claimant).and_then(Admission::refused) {
            return no;
        }
        let asked = self.ask(claimant).await;
        asked.unwrap_or_else(|NoMemory| Admission::Inside(self.pass_by(campaign, user)))
    }

    fn pass_by(&self, campaign: CouponId, user: UserId) -> RedisPass {
        RedisPass { claimant: Claimant { campaign, user }, place: None }
    }

    async fn leave(&self, RedisPass { claimant, place }: RedisPass, outcome: ClaimOutcome) {
        self.confirmed.note(claimant, outcome);
        if place.is_none() && !outcome.confirms_the_limit() && !outcome.confirms_the_end() {
            return;
        }
        let place = place.as_ref().map(|place| (place.epoch.as_str(), place.name.as_str()));
        // If it is not heard, the place comes back with its lease, and what is confirmed is confirmed again by the next.
        let _ = self.scripts.leave(&self.redis, claimant, place, outcome).await;
    }
}

impl<Q> fmt::Debug for RedisGate<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisGate").field("redis", &self.redis).finish_non_exhaustive()
    }
}
