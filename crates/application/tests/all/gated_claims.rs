//! The caller's side of the gate's contract.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use chrono::TimeDelta;
use jangteo_application::{
    ClaimCoupon, ClaimCouponRefusal, ClaimLookUp, ClaimRecord, ClaimRecords, ClaimVerdict, GatedClaims,
    InProcessGate, RequestMark, SharedClaimRecords, Verdict, group_claim_look_ups,
};
use jangteo_coupon::{Admission, Allotment, CampaignDraft, ClaimGate, ClaimOutcome, ClaimRefusal, Claimant};
use jangteo_shared_kernel::{CouponId, StorageError, UserId};
use tokio::task::JoinSet;

use crate::shop::{Shop, accepted, refused};

/// What a gate was asked and told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Asked,
    PassedBy,
    Left(ClaimOutcome),
}

/// Says what it is told to say, then lets everybody in. A pass is whether it was let in.
#[derive(Clone, Default)]
struct ScriptedGate {
    says: Arc<Mutex<VecDeque<Admission<()>>>>,
    events: Arc<Mutex<Vec<Event>>>,
}

impl ScriptedGate {
    fn saying(says: impl IntoIterator<Item = Admission<()>>) -> Self {
        Self { says: Arc::new(Mutex::new(says.into_iter().collect())), ..Self::default() }
    }

    fn events(&self) -> Vec<Event> {
        std::mem::take(&mut *self.events.lock().unwrap())
    }
}

impl ClaimGate for ScriptedGate {
    type Pass = ();

    async fn enter(&self, _: CouponId, _: UserId) -> Admission<()> {
        self.events.lock().unwrap().push(Event::Asked);
        self.says.lock().unwrap().pop_front().unwrap_or(Admission::Inside(()))
    }

    fn pass_by(&self, _: CouponId, _: UserId) {
        self.events.lock().unwrap().push(Event::PassedBy);
    }

    async fn leave(&self, (): (), outcome: ClaimOutcome) {
        self.events.lock().unwrap().push(Event::Left(outcome));
    }
}

fn through(gate: &ScriptedGate, shop: &Shop) -> GatedClaims<ScriptedGate> {
    GatedClaims::new(gate.clone(), shop.sources.clone())
}

/// Claims under a new key through the gate.
async fn claim<G: ClaimGate>(
    claims: &GatedClaims<G>,
    shop: &Shop,
    user: UserId,
    campaign: CouponId,
) -> ClaimVerdict {
    claim_as(claims, shop, campaign, shop.mark(user)).await
}

async fn claim_as<G: ClaimGate>(
    claims: &GatedClaims<G>,
    shop: &Shop,
    campaign: CouponId,
    mark: RequestMark,
) -> ClaimVerdict {
    let command = ClaimCoupon { user: mark.user, campaign, mark };
    let decide = async |command| Ok::<_, StorageError>(shop.decide_claim(command).await);
    claims.claim(&shop.storage, command, decide).await.unwrap()
}

fn no(refusal: ClaimRefusal) -> ClaimCouponRefusal {
    ClaimCouponRefusal::Claim(refusal)
}

#[tokio::test]
async fn hands_each_pass_back_with_what_came_of_it() {
    let shop = Shop::new();
    let gate = ScriptedGate::default();
    let claims = through(&gate, &shop);
    let (minji, junho) = (shop.customer().await, shop.customer().await);
    let campaign = shop.campaign(shop.fixed_off(1_000, 2)).await;
    let mark = shop.mark_as(minji, "k", 1);
    let came = |outcome| vec![Event::Asked, Event::Left(outcome)];

    accepted(claim_as(&claims, &shop, campaign, mark.clone()).await);
    assert_eq!(gate.events(), came(ClaimOutcome::Issued { at_limit: true, last: false }));
    assert!(matches!(claim_as(&claims, &shop, campaign, mark).await, Verdict::Replayed(_)));
    assert_eq!(gate.events(), came(ClaimOutcome::Undecided));
    assert_eq!(refused(claim(&claims, &shop, minji, campaign).await), no(ClaimRefusal::AlreadyClaimed));
    assert_eq!(gate.events(), came(ClaimOutcome::Refused(ClaimRefusal::AlreadyClaimed)));
    accepted(claim(&claims, &shop, junho, campaign).await);
    assert_eq!(gate.events(), came(ClaimOutcome::Issued { at_limit: true, last: true }));

    let command = ClaimCoupon { user: minji, campaign, mark: shop.mark(minji) };
    let lost = async |_| Err(StorageError::Unavailable("gone".into()));
    assert!(claims.claim(&shop.storage, command, lost).await.is_err());
    assert_eq!(gate.events(), came(ClaimOutcome::Undecided));
}

#[tokio::test]
async fn who_comes_outside_the_window_is_told_before_the_gate_is_asked() {
    let shop = Shop::new();
    let gate = ScriptedGate::saying([Admission::SoldOut]);
    let claims = through(&gate, &shop);
    let (minji, now) = (shop.customer().await, shop.sources.now());
    let draft = CampaignDraft {
        claim_from: Some(now + TimeDelta::hours(1)),
        claim_until: Some(now + TimeDelta::hours(2)),
        ..shop.fixed_off(1_000, 2)
    };
    let campaign = shop.campaign(draft).await;
    assert_eq!(refused(claim(&claims, &shop, minji, campaign).await), no(ClaimRefusal::NotOpen));
    shop.clock.advance(TimeDelta::hours(2));
    assert_eq!(refused(claim(&claims, &shop, minji, campaign).await), no(ClaimRefusal::Closed));
    let nothing = shop.sources.id(now);
    assert_eq!(refused(claim(&claims, &shop, minji, nothing).await), ClaimCouponRefusal::CampaignNotFound);
    assert_eq!(gate.events(), []);
}

#[tokio::test]
async fn a_stored_answer_wins_over_every_no() {
    let shop = Shop::new();
    let minji = shop.customer().await;
    let draft = CampaignDraft {
        claim_until: Some(shop.sources.now() + TimeDelta::hours(1)),
        ..shop.fixed_off(1_000, 2)
    };
    let campaign = shop.campaign(draft).await;
    let first =
        claim_as(&through(&ScriptedGate::default(), &shop), &shop, campaign, shop.mark_as(minji, "k", 1))
            .await;
    let Verdict::Accepted { answer, .. } = first else { panic!("{first:?}") };

    let gate = ScriptedGate::saying([
        Admission::AlreadyClaimed,
        Admission::AlreadyClaimed,
        Admission::SoldOut,
        Admission::SoldOut,
    ]);
    let claims = through(&gate, &shop);
    for closed in [false, false, true] {
        if closed {
            shop.clock.advance(TimeDelta::hours(1));
        }
        let again = claim_as(&claims, &shop, campaign, shop.mark_as(minji, "k", 1)).await;
        assert_eq!(again, Verdict::Replayed(answer.clone()));
        let other = claim_as(&claims, &shop, campaign, shop.mark_as(minji, "k", 2)).await;
        assert_eq!(other, Verdict::KeyReused);
    }
    assert_eq!(gate.events(), [Event::Asked; 4]);
}

#[tokio::test]
async fn who_is_at_the_limit_does_not_hear_that_none_is_left() {
    let shop = Shop::new();
    let (minji, junho) = (shop.customer().await, shop.customer().await);
    let campaign = shop.campaign(shop.fixed_off(1_000, 1)).await;
    accepted(shop.claim(minji, campaign).await);
    let gate = ScriptedGate::saying([Admission::SoldOut, Admission::SoldOut]);
    let claims = through(&gate, &shop);
    assert_eq!(refused(claim(&claims, &shop, minji, campaign).await), no(ClaimRefusal::AlreadyClaimed));
    assert_eq!(refused(claim(&claims, &shop, junho, campaign).await), no(ClaimRefusal::SoldOut));
}

/// Those of a shop, and whose coupons were counted for them.
struct Watched<'a> {
    shop: &'a Shop,
    counted: Mutex<Vec<Option<Claimant>>>,
}

impl ClaimRecords for Watched<'_> {
    async fn allotment(&self, campaign: CouponId) -> Result<Option<Allotment>, StorageError> {
        self.shop.storage.allotment(campaign).await
    }

    async fn record(&self, claim: ClaimLookUp) -> Result<ClaimRecord, StorageError> {
        self.counted.lock().unwrap().push(claim.claimant);
        self.shop.storage.record(claim).await
    }
}

/// Nobody gets another coupon once none is left. The stored answer is looked for every time.
#[tokio::test]
async fn the_coupons_of_who_comes_too_late_are_counted_once() {
    let shop = Shop::new();
    let (minji, junho) = (shop.customer().await, shop.customer().await);
    let campaign = shop.campaign(shop.fixed_off(1_000, 1)).await;
    let first = shop.mark_as(minji, "k", 1);
    let granted = ClaimCoupon { user: minji, campaign, mark: first.clone() };
    let Verdict::Accepted { answer, .. } = shop.decide_claim(granted).await else { panic!("refused") };
    let claims = through(&ScriptedGate::saying([Admission::SoldOut; 7]), &shop);
    let records = Watched { shop: &shop, counted: Mutex::default() };
    let again = async |mark: RequestMark| {
        let command = ClaimCoupon { user: mark.user, campaign, mark };
        let decide = async |_| -> Result<ClaimVerdict, StorageError> { panic!("the gate lets nobody in") };
        claims.claim(&records, command, decide).await.unwrap()
    };
    for _ in 0..3 {
        assert_eq!(refused(again(shop.mark(minji)).await), no(ClaimRefusal::AlreadyClaimed));
        assert_eq!(refused(again(shop.mark(junho)).await), no(ClaimRefusal::SoldOut));
    }
    assert_eq!(again(first).await, Verdict::Replayed(answer));
    let counted = records.counted.into_inner().unwrap();
    let both = [minji, junho].map(|user| Some(Claimant { campaign, user }));
    assert_eq!(counted, [&both[..], &[None; 5]].concat());
}

#[tokio::test]
async fn a_full_house_sends_nobody_away() {
    let shop = Shop::new();
    let (minji, junho) = (shop.customer().await, shop.customer().await);
    let campaign = shop.campaign(shop.fixed_off(1_000, 2)).await;
    let gate = ScriptedGate::saying([Admission::Full, Admission::Full]);
    accepted(claim(&through(&gate, &shop), &shop, minji, campaign).await);
    let left = |last| Event::Left(ClaimOutcome::Issued { at_limit: true, last });
    assert_eq!(gate.events(), [Event::Asked, Event::Asked, Event::Asked, left(false)]);

    // It asks for a while only, and then the database decides.
    let gate = ScriptedGate::saying([Admission::Full; 100]);
    accepted(claim(&through(&gate, &shop), &shop, junho, campaign).await);
    let events = gate.events();
    let (asked, rest) = events.split_at(events.len() - 2);
    assert!((2..20).contains(&asked.len()) && asked.iter().all(|event| *event == Event::Asked), "{events:?}");
    assert_eq!(rest, [Event::PassedBy, left(true)]);
}

/// The gate in the process lets all of them through, in the end.
#[tokio::test(flavor = "multi_thread")]
async fn a_storm_through_the_gate_issues_exactly_what_there_is() {
    let shop = Shop::new();
    let campaign = shop.campaign(shop.fixed_off(1_000, 20)).await;
    let gate = InProcessGate::new(shop.storage.clone());
    let claims = Arc::new(GatedClaims::new(gate, shop.sources.clone()));
    let mut claiming = JoinSet::new();
    for _ in 0..100 {
        let user = shop.customer().await;
        for _ in 0..2 {
            let (shop, claims) = (shop.clone(), Arc::clone(&claims));
            claiming.spawn(async move { claim(&claims, &shop, user, campaign).await });
        }
    }
    let mut sequences: Vec<u32> = Vec::new();
    for verdict in claiming.join_all().await {
        match verdict {
            Verdict::Accepted { outcome, .. } => sequences.push(outcome.sequence),
            Verdict::Refused(ClaimCouponRefusal::Claim(
                ClaimRefusal::SoldOut | ClaimRefusal::AlreadyClaimed,
            )) => {}
            other => panic!("{other:?}"),
        }
    }
    sequences.sort_unstable();
    assert!(sequences.into_iter().eq(1..=20));
}

/// Everybody is told of their own, also when all are looked up by the same read.
#[tokio::test]
async fn claims_that_are_looked_up_together_are_not_mixed_up() {
    let shop = Shop::new();
    let campaign = shop.campaign(shop.fixed_off(1_000, 5)).await;
    let (look_ups, reader) = group_claim_look_ups(&shop.sources);
    let mut users = Vec::new();
    for n in 0..20 {
        let user = shop.customer().await;
        // Every fourth has a coupon, and its answer under a key.
        if n % 4 == 0 {
            let mark = shop.mark_as(user, "k", 1);
            accepted(shop.decide_claim(ClaimCoupon { user, campaign, mark }).await);
        }
        users.push(user);
    }
    let records = SharedClaimRecords { storage: &shop.storage, look_ups: &look_ups };
    let claims = through(&ScriptedGate::saying([Admission::SoldOut; 40]), &shop);
    let again = |user, fingerprint| {
        let command = ClaimCoupon { user, campaign, mark: shop.mark_as(user, "k", fingerprint) };
        let decide = async |_| -> Result<ClaimVerdict, StorageError> { panic!("the gate lets nobody in") };
        claims.claim(&records, command, decide)
    };
    let mut asking: Vec<_> =
        users.iter().map(|user| Box::pin(async { (again(*user, 1).await, again(*user, 2).await) })).collect();
    tokio::spawn(reader.run(shop.storage.clone()));
    let answers = side_by_side(&mut asking).await;
    for (n, (same, other)) in answers.into_iter().enumerate() {
        match (same.unwrap(), other.unwrap()) {
            (Verdict::Replayed(_), Verdict::KeyReused) if n % 4 == 0 => {}
            (Verdict::Refused(one), Verdict::Refused(two)) if n % 4 != 0 => {
                assert_eq!([one, two], [no(ClaimRefusal::SoldOut); 2]);
            }
            mixed_up => panic!("{n}: {mixed_up:?}"),
        }
    }
}

/// Polls all of them until each is done.
async fn side_by_side<F: Future + Unpin>(futures: &mut [F]) -> Vec<F::Output> {
    let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none()
                && let Poll::Ready(ready) = Pin::new(future).poll(context)
            {
                *output = Some(ready);
            }
        }
        if outputs.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    outputs.into_iter().flatten().collect()
}
