//! Claiming: first come, first served.

use jangteo_shared_kernel::{IssuedCouponId, Quantity, Timestamp, UserId};

use crate::{Allotment, IssuedCoupon};

/// Why a coupon cannot be claimed. The first that holds is told, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimRefusal {
    /// Claiming has not begun.
    #[error("the coupons cannot be claimed yet")]
    NotOpen,
    /// Claiming is over.
    #[error("the coupons can no longer be claimed")]
    Closed,
    /// The user has as many as one may have.
    #[error("the user has claimed all that one may have")]
    AlreadyClaimed,
    /// All are claimed.
    #[error("all coupons are claimed")]
    SoldOut,
}

impl Allotment {
    /// Hands the next coupon to a user who has `held` of them already.
    ///
    /// Both the allotment and `held` MUST have been read under the campaign's lock, and `held` MUST include what was
    /// claimed earlier in the same transaction.
    pub fn claim(
        &mut self,
        id: IssuedCouponId,
        user: UserId,
        held: Quantity,
        now: Timestamp,
    ) -> Result<IssuedCoupon, ClaimRefusal> {
        self.check_open(now)?;
        if held >= self.per_user {
            return Err(ClaimRefusal::AlreadyClaimed);
        }
        if self.is_sold_out() {
            return Err(ClaimRefusal::SoldOut);
        }
        // Both are below a bound, so neither can overflow.
        self.claimed = self.claimed.plus(Quantity::ONE).map_err(|_| ClaimRefusal::SoldOut)?;
        let (valid_from, valid_until) = self.validity.of_claim_at(now);
        Ok(IssuedCoupon {
            id,
            campaign: self.campaign,
            user,
            sequence: self.claimed.get(),
            nth: held.get().saturating_add(1),
            claimed_at: now,
            valid_from,
            valid_until,
            used: None,
            version: 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::TimeDelta;
    use jangteo_shared_kernel::{Currency, Id};
    use proptest::prelude::*;

    use super::*;
    use crate::CampaignState::{Closed, Open, Scheduled, SoldOut};
    use crate::draft::tests::draft;
    use crate::{Campaign, CampaignDraft, NewCampaign, Validity};

    fn id<K>(n: u32) -> Id<K> {
        format!("01900000-0000-7000-8000-{n:012x}").parse().unwrap()
    }

    fn units(n: u32) -> Quantity {
        Quantity::new(n).unwrap()
    }

    fn minute(n: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::minutes(n)
    }

    /// Claims are open from minute 10 until minute 20.
    fn allotment(total: u32, per_user: u32) -> Allotment {
        let draft = CampaignDraft {
            per_user: units(per_user),
            claim_from: Some(minute(10)),
            claim_until: Some(minute(20)),
            ..draft(total)
        };
        Campaign::create(id(1), NewCampaign::check(draft, Currency::KRW).unwrap(), minute(0)).allotment
    }

    fn claim(allotment: &mut Allotment, held: u32, at: i64) -> Result<u32, ClaimRefusal> {
        allotment.claim(id(2), id(3), units(held), minute(at)).map(|coupon| coupon.sequence)
    }

    #[test]
    fn tells_the_first_refusal_that_holds() {
        let mut full = allotment(1, 1);
        assert_eq!(claim(&mut full, 0, 10), Ok(1));
        assert_eq!(claim(&mut full, 1, 9), Err(ClaimRefusal::NotOpen));
        assert_eq!(claim(&mut full, 1, 20), Err(ClaimRefusal::Closed));
        assert_eq!(claim(&mut full, 1, 19), Err(ClaimRefusal::AlreadyClaimed));
        assert_eq!(claim(&mut full, 0, 19), Err(ClaimRefusal::SoldOut));
    }

    #[test]
    fn a_state_follows_the_window_before_the_count() {
        let mut one = allotment(1, 1);
        let states = |allotment: &Allotment| [9, 10, 19, 20].map(|at| allotment.state(minute(at)));
        assert_eq!(states(&one), [Scheduled, Open, Open, Closed]);
        assert_eq!(claim(&mut one, 0, 10), Ok(1));
        assert_eq!(states(&one), [Scheduled, SoldOut, SoldOut, Closed]);
        assert_eq!(one.remaining(), units(0));
    }

    #[test]
    fn a_window_without_ends_is_always_open() {
        let mut always = Allotment { claim_from: None, claim_until: None, ..allotment(2, 2) };
        assert_eq!(always.state(Timestamp::MIN_UTC), Open);
        assert_eq!(always.state(Timestamp::MAX_UTC), Open);
        assert_eq!(claim(&mut always, 0, 0), Ok(1));
    }

    #[test]
    fn when_a_coupon_is_valid_is_frozen_with_the_claim() {
        let mut days = Allotment { validity: Validity::FromClaim { days: 3 }, ..allotment(1, 1) };
        let coupon = days.claim(id(2), id(3), units(0), minute(15)).unwrap();
        let until = minute(15) + TimeDelta::hours(72);
        assert_eq!((coupon.valid_from, coupon.valid_until), (Some(minute(15)), Some(until)));
    }

    proptest! {
        #[test]
        fn issues_exactly_the_total_and_nobody_gets_more_than_the_limit(
            total in 1_u32..20,
            per_user in 1_u32..4,
            asked in prop::collection::vec((0_u32..12, 5_i64..25), 0..120),
        ) {
            let mut allotment = allotment(total, per_user);
            let mut held = BTreeMap::<u32, u32>::new();
            let mut issued = Vec::new();
            for (user, at) in asked {
                let had = held.entry(user).or_default();
                let answer = allotment.claim(id(2), id(100 + user), units(*had), minute(at));
                let expected = match at {
                    ..10 => Err(ClaimRefusal::NotOpen),
                    20.. => Err(ClaimRefusal::Closed),
                    _ if *had == per_user => Err(ClaimRefusal::AlreadyClaimed),
                    _ if issued.len() == total as usize => Err(ClaimRefusal::SoldOut),
                    _ => Ok((u32::try_from(issued.len()).unwrap() + 1, *had + 1)),
                };
                prop_assert_eq!(answer.as_ref().map(|coupon| (coupon.sequence, coupon.nth)).map_err(|refusal| *refusal), expected);
                if let Ok(coupon) = answer {
                    *had += 1;
                    issued.push(coupon.sequence);
                }
                prop_assert_eq!(allotment.claimed.get() + allotment.remaining().get(), total);
            }
            prop_assert!(issued.iter().copied().eq(1..=allotment.claimed.get()));
            prop_assert!(held.values().all(|count| *count <= per_user));
        }
    }
}
