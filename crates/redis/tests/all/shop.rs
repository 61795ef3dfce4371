//! A database with campaigns, and claims that end as a test wants.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use jangteo_application::{InProcessGate, Sources};
use jangteo_coupon::{
    Admission, Campaign, CampaignDraft, CampaignRepository as _, ClaimGate, ClaimOutcome, CouponDiscount,
    CouponScope, NewCampaign,
};
use jangteo_redis::{Redis, RedisGate};
use jangteo_shared_kernel::{
    Clock, CouponId, Currency, Entropy, Id, Money, Quantity, Timestamp, Transaction as _, UnitOfWork as _,
    UserId,
};
use jangteo_storage_memory::MemoryStorage;

/// Longer than anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);

struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::days(20_000)
    }
}

/// Counts, so that nothing is drawn twice by this process.
struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        for (n, byte) in bytes.iter_mut().rev().enumerate() {
            *byte = number.iter().rev().nth(n).copied().unwrap_or_default();
        }
    }
}

static ENTROPY: std::sync::LazyLock<Arc<Counting>> =
    std::sync::LazyLock::new(|| Arc::new(Counting(AtomicU64::new(1))));

pub(crate) fn sources() -> Sources {
    Sources::new(Arc::new(StoppedClock), ENTROPY.clone())
}

pub(crate) fn id<K>() -> Id<K> {
    Id::generate(StoppedClock.now(), ENTROPY.as_ref())
}

/// A database.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) storage: MemoryStorage,
}

impl Shop {
    pub(crate) fn new() -> Self {
        Self { storage: MemoryStorage::new() }
    }

    /// A campaign, some of whose coupons are claimed.
    pub(crate) async fn campaign(&self, total: u32, claimed: u32) -> CouponId {
        let units = |count| Quantity::new(count).unwrap();
        let discount = CouponDiscount::Fixed(Money::new(1_000, Currency::KRW));
        let draft = CampaignDraft::new("Welcome".parse().unwrap(), discount, CouponScope::All, units(total));
        let new = NewCampaign::check(draft, Currency::KRW).unwrap();
        let mut campaign = Campaign::create(id(), new, StoppedClock.now());
        campaign.allotment.claimed = units(claimed);
        let mut tx = self.storage.begin().await.unwrap();
        tx.insert_campaigns(std::slice::from_ref(&campaign)).await.unwrap();
        tx.commit().await.unwrap();
        campaign.id
    }

    /// From now on the database says that so many are claimed.
    pub(crate) async fn set_claimed(&self, campaign: CouponId, claimed: u32) {
        let mut tx = self.storage.begin().await.unwrap();
        let mut allotments = tx.lock_campaigns(&[campaign].into()).await.unwrap();
        let allotment = allotments.get_mut(&campaign).unwrap();
        allotment.claimed = Quantity::new(claimed).unwrap();
        tx.save_claimed(std::slice::from_ref(allotment)).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub(crate) fn in_process(&self) -> InProcessGate<MemoryStorage> {
        InProcessGate::new(self.storage.clone())
    }

    /// A gate on this Redis, which answers.
    pub(crate) async fn on(&self, url: &str) -> (RedisGate<MemoryStorage>, Redis) {
        let redis = Redis::open(&url.parse().unwrap()).unwrap();
        answers(&redis).await;
        (RedisGate::new(redis.clone(), self.storage.clone(), sources()), redis)
    }
}

/// Waits until Redis answers.
pub(crate) async fn answers(redis: &Redis) {
    tokio::time::timeout(PATIENCE, redis.wait()).await.expect("Redis answers");
}

/// What a gate says, without the pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    Inside,
    AlreadyClaimed,
    SoldOut,
    Full,
}

/// Enters as somebody new, and is let in.
pub(crate) async fn enter<G: ClaimGate>(gate: &G, campaign: CouponId) -> G::Pass {
    enter_as(gate, campaign, id()).await
}

/// Enters, and is let in.
pub(crate) async fn enter_as<G: ClaimGate>(gate: &G, campaign: CouponId, user: UserId) -> G::Pass {
    match gate.enter(campaign, user).await {
        Admission::Inside(pass) => pass,
        other => panic!("{:?} instead of being let in", says(&other)),
    }
}

/// What the gate says to this user. If that is yes, the place is given back.
pub(crate) async fn ask_as(gate: &impl ClaimGate, campaign: CouponId, user: UserId) -> Says {
    let admission = gate.enter(campaign, user).await;
    let said = says(&admission);
    if let Admission::Inside(pass) = admission {
        gate.leave(pass, ClaimOutcome::Undecided).await;
    }
    said
}

/// What the gate says to somebody new.
pub(crate) async fn ask(gate: &impl ClaimGate, campaign: CouponId) -> Says {
    ask_as(gate, campaign, id()).await
}

fn says<P>(admission: &Admission<P>) -> Says {
    match admission {
        Admission::Inside(_) => Says::Inside,
        Admission::AlreadyClaimed => Says::AlreadyClaimed,
        Admission::SoldOut => Says::SoldOut,
        Admission::Full => Says::Full,
    }
}
