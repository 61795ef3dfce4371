//! Coupons: who gets one, and what it takes off.

use jangteo_coupon::CouponStatus;

use super::orders::Line;
use super::{Reference, Refused};
use crate::model::figures::CouponFigures;
use crate::model::opening::{CAMPAIGNS, Off, Plan, Valid};

#[derive(Debug, Clone)]
pub(in crate::model) struct Coupon {
    campaign: usize,
    pub(in crate::model) user: usize,
    sequence: u32,
    from: Option<i64>,
    pub(in crate::model) until: Option<i64>,
    /// The order that uses it.
    pub(super) order: Option<usize>,
}

impl Coupon {
    pub(super) fn figures(&self, now: i64) -> CouponFigures {
        let status = if self.order.is_some() {
            CouponStatus::Used
        } else if self.until.is_some_and(|until| until <= now) {
            CouponStatus::Expired
        } else {
            CouponStatus::Issued
        };
        CouponFigures {
            campaign: self.campaign,
            user: self.user,
            sequence: self.sequence,
            status,
            order: self.order,
        }
    }
}

impl Reference {
    pub(super) fn claim(&mut self, user: usize, campaign: usize) -> Result<(), Refused> {
        let Plan { claims: (opens, closes), per_user, total, ref valid, .. } = CAMPAIGNS[campaign];
        if opens.is_some_and(|opens| self.now < opens) {
            return Err("claim-not-open");
        }
        if closes.is_some_and(|closes| self.now >= closes) {
            return Err("claim-closed");
        }
        let mine = self.coupons.iter().filter(|coupon| (coupon.user, coupon.campaign) == (user, campaign));
        if mine.count() >= per_user as usize {
            return Err("coupon-already-claimed");
        }
        if self.claimed[campaign] == total {
            return Err("coupon-sold-out");
        }
        self.claimed[campaign] += 1;
        let (from, until) = match *valid {
            Valid::Between(from, until) => (from, until),
            Valid::DaysFromClaim(days) => (Some(self.now), Some(self.now + i64::from(days) * 86_400)),
        };
        let sequence = self.claimed[campaign];
        self.coupons.push(Coupon { campaign, user, sequence, from, until, order: None });
        Ok(())
    }

    /// Whether a coupon can be used, and by how much it then lowers each line.
    pub(super) fn discounts(&self, user: usize, coupon: usize, lines: &[Line]) -> Option<Vec<i64>> {
        let coupon = &self.coupons[coupon];
        let in_time = coupon.from.is_none_or(|from| from <= self.now)
            && coupon.until.is_none_or(|until| self.now < until);
        if coupon.user != user || coupon.order.is_some() || !in_time {
            return None;
        }
        let plan = &CAMPAIGNS[coupon.campaign];
        let applies = |line: &Line| plan.scope.is_none_or(|products| products.contains(&line.product));
        let weights: Vec<i64> = lines.iter().map(|line| if applies(line) { line.gross } else { 0 }).collect();
        let base: i64 = weights.iter().sum();
        let off = match plan.off {
            Off::Won(amount) => amount,
            Off::BasisPoints(rate, most) => (base * i64::from(rate) / 10_000).min(most.unwrap_or(i64::MAX)),
        };
        let off = off.min(base);
        let enough = lines.iter().any(applies) && base >= plan.minimum.unwrap_or(0);
        (enough && off > 0).then(|| share(off, &weights))
    }
}

/// Shares an amount out by weight: everybody gets the whole part, and those with the largest rests one won more.
fn share(amount: i64, weights: &[i64]) -> Vec<i64> {
    let all: i64 = weights.iter().sum();
    let mut shares: Vec<i64> = weights.iter().map(|weight| amount * weight / all).collect();
    let mut by_rest: Vec<usize> = (0..weights.len()).collect();
    // A stable sort leaves the lower line first.
    by_rest.sort_by_key(|line| -(amount * weights[*line] % all));
    let left = amount - shares.iter().sum::<i64>();
    for (line, _) in by_rest.into_iter().zip(0..left) {
        shares[line] += 1;
    }
    shares
}
