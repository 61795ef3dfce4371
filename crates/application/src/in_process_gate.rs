//! The gate of a shop without Redis.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jangteo_coupon::{Admission, ClaimGate, ClaimOutcome, ClaimRefusal, Claimant, CouponQueries};
use jangteo_shared_kernel::{CouponId, UserId};

use crate::ConfirmedRefusals;
use crate::two_generations::TwoGenerations;

/// How many campaigns are counted at least. Campaigns that are claimed at the same time are few.
const CAMPAIGNS: usize = 1_000;

/// Gates the claims of one process (ADR-019, ADR-022).
///
/// Several processes without Redis each count their own, so each lets in as many as there are coupons; the database
/// decides all the same.
#[derive(Debug)]
pub struct InProcessGate<Q> {
    allotments: Q,
    confirmed: ConfirmedRefusals,
    houses: Mutex<TwoGenerations<CouponId, Arc<House>>>,
}

/// Who is inside for a campaign. When it is forgotten and counted anew, its passes still change it and not the new one.
#[derive(Debug)]
struct House(Mutex<Counts>);

#[derive(Debug)]
struct Counts {
    /// Never fewer than the database says.
    left: u32,
    inside: u32,
}

/// A pass of [`InProcessGate`]. Its place comes back when it is dropped.
#[derive(Debug)]
pub struct InProcessPass {
    claimant: Claimant,
    place: Option<Place>,
}

#[derive(Debug)]
struct Place(Arc<House>);

impl InProcessPass {
    /// Whether the gate counts its holder among those inside.
    #[must_use]
    pub const fn has_place(&self) -> bool {
        self.place.is_some()
    }
}

impl<Q> InProcessGate<Q> {
    /// A gate that counts from what is read here.
    pub fn new(allotments: Q) -> Self {
        let houses = Mutex::new(TwoGenerations::new(CAMPAIGNS));
        Self { allotments, confirmed: ConfirmedRefusals::new(), houses }
    }

    fn houses(&self) -> MutexGuard<'_, TwoGenerations<CouponId, Arc<House>>> {
        self.houses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Q: CouponQueries> InProcessGate<Q> {
    /// The house of a campaign; `None` if the database does not say how many coupons are left.
    async fn house(&self, claimant: Claimant) -> Option<Arc<House>> {
        let known = self.houses().get(&claimant.campaign).cloned();
        if known.is_some() {
            return known;
        }
        let allotment = self.allotments.find_allotment(claimant.campaign).await.ok().flatten()?;
        if allotment.is_sold_out() {
            self.confirmed.note(claimant, ClaimOutcome::Refused(ClaimRefusal::SoldOut));
        }
        let mut houses = self.houses();
        let counts = Counts { left: allotment.remaining().get(), inside: 0 };
        let house = houses.get(&claimant.campaign).cloned().unwrap_or_else(|| {
            let house = Arc::new(House(Mutex::new(counts)));
            houses.insert(claimant.campaign, Arc::clone(&house));
            house
        });
        Some(house)
    }
}

impl<Q: CouponQueries + Send> ClaimGate for InProcessGate<Q> {
    type Pass = InProcessPass;

    async fn enter(&self, campaign: CouponId, user: UserId) -> Admission<InProcessPass> {
        let claimant = Claimant { campaign, user };
        if let Some(no) = self.confirmed.find(claimant).and_then(Admission::refused) {
            return no;
        }
        let Some(house) = self.house(claimant).await else {
            return Admission::Inside(self.pass_by(campaign, user));
        };
        if let Some(no) = self.confirmed.find(claimant).and_then(Admission::refused) {
            return no;
        }
        house.enter().map_or(Admission::Full, |place| {
            Admission::Inside(InProcessPass { claimant, place: Some(place) })
        })
    }

    fn pass_by(&self, campaign: CouponId, user: UserId) -> InProcessPass {
        InProcessPass { claimant: Claimant { campaign, user }, place: None }
    }

    async fn leave(&self, pass: InProcessPass, outcome: ClaimOutcome) {
        self.confirmed.note(pass.claimant, outcome);
        if let (ClaimOutcome::Issued { .. }, Some(place)) = (outcome, &pass.place) {
            let mut counts = place.0.counts();
            counts.left = counts.left.saturating_sub(1);
        }
    }
}

impl House {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(self: &Arc<Self>) -> Option<Place> {
        let mut counts = self.counts();
        // Where none is left and the database has not said so yet, one goes and asks it.
        if counts.inside >= counts.left.max(1) {
            return None;
        }
        counts.inside += 1;
        Some(Place(Arc::clone(self)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.counts().inside -= 1;
    }
}
