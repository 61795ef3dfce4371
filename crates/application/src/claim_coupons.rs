//! Claiming coupons: first come, first served, decided under the lock of the campaign (ADR-019).

use std::collections::{BTreeMap, BTreeSet};

use jangteo_coupon::{
    Allotments, CampaignRepository, ClaimRefusal, Claimant, IssuedCoupon, IssuedCouponRepository,
};
use jangteo_shared_kernel::{CouponId, IssuedCouponId, Quantity, StorageError, Timestamp, UserId};
use serde::Serialize;
use uuid::Uuid;

use crate::changed::changed;
use crate::idempotency::AnswerLedger;
use crate::outbox::{event, tell};
use crate::{
    Aggregate, Answer, Event, EventKind, IdempotencyRepository, Outbox, RequestMark, SetUseCase, Sources,
    Verdict,
};

/// Somebody wants a coupon of a campaign.
#[derive(Debug, Clone)]
pub struct ClaimCoupon {
    /// Who.
    pub user: UserId,
    /// Of which campaign.
    pub campaign: CouponId,
    /// Which request it came from.
    pub mark: RequestMark,
}

impl ClaimCoupon {
    /// The campaign that it locks, and who claims, whose requests keep their order.
    #[must_use]
    pub fn subjects(&self) -> Vec<Uuid> {
        vec![self.campaign.as_uuid(), self.user.as_uuid()]
    }

    /// Who claims from which campaign.
    pub(crate) const fn claimant(&self) -> Claimant {
        Claimant { campaign: self.campaign, user: self.user }
    }
}

/// Why a coupon was not issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimCouponRefusal {
    /// There is no such campaign.
    #[error("there is no such campaign")]
    CampaignNotFound,
    /// The campaign gives none.
    #[error(transparent)]
    Claim(#[from] ClaimRefusal),
}

/// Issues coupons.
#[derive(Debug, Clone)]
pub struct ClaimCoupons {
    /// Time and chance.
    pub sources: Sources,
    /// Turns a coupon that was just issued into the answer that its user gets.
    pub render: fn(&IssuedCoupon) -> Answer,
}

impl<Tx> SetUseCase<Tx> for ClaimCoupons
where
    Tx: CampaignRepository + IssuedCouponRepository + IdempotencyRepository + Outbox,
{
    type Command = ClaimCoupon;
    type Verdict = Verdict<IssuedCoupon, ClaimCouponRefusal>;

    async fn decide(
        &self,
        tx: &mut Tx,
        commands: &[ClaimCoupon],
    ) -> Result<Vec<Self::Verdict>, StorageError> {
        let allotments =
            tx.lock_campaigns(&commands.iter().map(|command| command.campaign).collect()).await?;
        let claimants = commands.iter().map(ClaimCoupon::claimant).collect();
        let held = tx.count_claims(&claimants).await?;
        let mut ledger = AnswerLedger::read(tx, commands.iter().map(|command| &command.mark)).await?;

        let now = self.sources.now();
        let mut set = Set { allotments, held, issued: Vec::new(), events: Vec::new() };
        let verdicts = commands
            .iter()
            .map(|command| {
                ledger.settle(&command.mark, now, || {
                    let coupon = self.claim(&mut set, command, now)?;
                    let answer = (self.render)(&coupon);
                    Ok((coupon, answer))
                })
            })
            .collect();

        if !set.issued.is_empty() {
            let claimed: BTreeSet<CouponId> = set.issued.iter().map(|coupon| coupon.campaign).collect();
            tx.save_claimed(&changed(&set.allotments, &claimed)).await?;
            tx.insert_issued_coupons(&set.issued).await?;
        }
        ledger.save(tx).await?;
        tell(tx, set.events).await?;
        Ok(verdicts)
    }
}

impl ClaimCoupons {
    fn claim(
        &self,
        set: &mut Set,
        command: &ClaimCoupon,
        now: Timestamp,
    ) -> Result<IssuedCoupon, ClaimCouponRefusal> {
        let allotment =
            set.allotments.get_mut(&command.campaign).ok_or(ClaimCouponRefusal::CampaignNotFound)?;
        let held = set.held.entry(command.claimant()).or_default();
        let coupon = allotment.claim(self.sources.id(now), command.user, *held, now)?;
        *held = Quantity::new(coupon.nth).unwrap_or(Quantity::MAX);
        let data = Claimed { issued_coupon_id: coupon.id, user_id: coupon.user, sequence: coupon.sequence };
        // The campaign's creation was the first event about it.
        let about = (Aggregate::Campaign, coupon.campaign, i64::from(coupon.sequence) + 1);
        set.events.push(event(&self.sources, now, EventKind::CouponClaimed, about, data));
        set.issued.push(coupon.clone());
        Ok(coupon)
    }
}

/// What the event of a claimed coupon tells.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Claimed {
    issued_coupon_id: IssuedCouponId,
    user_id: UserId,
    sequence: u32,
}

/// What a set of commands works on.
struct Set {
    allotments: Allotments,
    held: BTreeMap<Claimant, Quantity>,
    issued: Vec<IssuedCoupon>,
    events: Vec<Event>,
}
