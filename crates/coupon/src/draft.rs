//! What an operator asks for, before it is a campaign.

use std::fmt;

use jangteo_shared_kernel::{Currency, Quantity, Timestamp};

use crate::{
    CampaignName, CouponDiscount, CouponScope, CouponTerms, MAX_SCOPE_PRODUCTS, MAX_VALID_DAYS, Validity,
};

/// The most coupons that a campaign has.
pub const MAX_COUPONS: u32 = 1_000_000_000;

/// A campaign as an operator describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignDraft {
    /// What it is called.
    pub name: CampaignName,
    /// What a coupon takes off, and from which orders.
    pub terms: CouponTerms,
    /// How many coupons there are.
    pub total: Quantity,
    /// How many of them one user may have.
    pub per_user: Quantity,
    /// From when they can be claimed.
    pub claim_from: Option<Timestamp>,
    /// From when they can no longer be claimed.
    pub claim_until: Option<Timestamp>,
    /// From when they can be used.
    pub valid_from: Option<Timestamp>,
    /// From when they can no longer be used.
    pub valid_until: Option<Timestamp>,
    /// How many days from its claim each can be used; excludes `valid_from` and `valid_until`.
    pub valid_days: Option<u32>,
}

/// A campaign that holds what [`NewCampaign::check`] demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCampaign {
    pub(crate) draft: CampaignDraft,
    pub(crate) validity: Validity,
}

/// One field of a draft that does not hold what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CampaignFault {
    /// A fixed discount takes nothing off, or is of another currency.
    #[error("the amount of a discount is above zero and of the shop's currency")]
    DiscountAmount,
    /// A percentage takes nothing off.
    #[error("the rate of a discount is 1 to 10,000 basis points")]
    DiscountRate,
    /// A percentage is capped to nothing, or its maximum is of another currency.
    #[error("the maximum of a discount is above zero and of the shop's currency")]
    DiscountMaximum,
    /// The minimum is below zero or of another currency.
    #[error("the minimum of an order is not below zero and of the shop's currency")]
    MinimumOrder,
    /// The list of products is empty or too long.
    #[error("a coupon applies to 1 to {MAX_SCOPE_PRODUCTS} products, or to all")]
    Scope,
    /// There are no coupons, or too many.
    #[error("a campaign has 1 to {MAX_COUPONS} coupons")]
    Total,
    /// Nobody may have one, or more than any campaign has.
    #[error("a user may have 1 to {MAX_COUPONS} coupons of a campaign")]
    PerUser,
    /// Claiming ends before it begins.
    #[error("claiming ends after it begins")]
    ClaimWindow,
    /// The coupons are valid until before they are valid.
    #[error("coupons are valid until after they become valid")]
    ValidityWindow,
    /// Too few days, or too many.
    #[error("coupons are valid for 1 to {MAX_VALID_DAYS} days from their claim")]
    ValidDays,
    /// Days and dates at once.
    #[error("coupons are valid for days from their claim or between dates, not both")]
    ValidDaysAndDates,
}

/// A draft is no campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidCampaign {
    /// Everything that is wrong, in the order of the fields; at least one.
    pub faults: Vec<CampaignFault>,
}

impl fmt::Display for InvalidCampaign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            let between = if index == 0 { "" } else { "; " };
            write!(f, "{between}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidCampaign {}

impl CampaignDraft {
    /// One coupon a user, for every order, to be claimed and used at any time.
    #[must_use]
    pub const fn new(
        name: CampaignName,
        discount: CouponDiscount,
        scope: CouponScope,
        total: Quantity,
    ) -> Self {
        Self {
            name,
            terms: CouponTerms { discount, minimum_order: None, scope },
            total,
            per_user: Quantity::ONE,
            claim_from: None,
            claim_until: None,
            valid_from: None,
            valid_until: None,
            valid_days: None,
        }
    }

    fn validity(&self) -> Result<Validity, CampaignFault> {
        let dates = self.valid_from.is_some() || self.valid_until.is_some();
        match self.valid_days {
            Some(_) if dates => Err(CampaignFault::ValidDaysAndDates),
            Some(days) => match u16::try_from(days) {
                Ok(days) if (1..=MAX_VALID_DAYS).contains(&days) => Ok(Validity::FromClaim { days }),
                _ => Err(CampaignFault::ValidDays),
            },
            None if ends_after_it_begins(self.valid_from, self.valid_until) => {
                Ok(Validity::Window { from: self.valid_from, until: self.valid_until })
            }
            None => Err(CampaignFault::ValidityWindow),
        }
    }
}

impl NewCampaign {
    /// Checks every field of a draft, and tells all faults at once. Windows that are over already are no fault.
    pub fn check(draft: CampaignDraft, currency: Currency) -> Result<Self, InvalidCampaign> {
        let counts = |quantity: Quantity| (1..=MAX_COUPONS).contains(&quantity.get());
        let mut faults = draft.terms.faults(currency);
        if !counts(draft.total) {
            faults.push(CampaignFault::Total);
        }
        if !counts(draft.per_user) {
            faults.push(CampaignFault::PerUser);
        }
        if !ends_after_it_begins(draft.claim_from, draft.claim_until) {
            faults.push(CampaignFault::ClaimWindow);
        }
        match draft.validity() {
            Ok(validity) if faults.is_empty() => Ok(Self { draft, validity }),
            Ok(_) => Err(InvalidCampaign { faults }),
            Err(fault) => {
                faults.push(fault);
                Err(InvalidCampaign { faults })
            }
        }
    }
}

fn ends_after_it_begins(from: Option<Timestamp>, until: Option<Timestamp>) -> bool {
    from.zip(until).is_none_or(|(from, until)| from < until)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;

    use chrono::TimeDelta;
    use jangteo_shared_kernel::{BasisPoints, Money, ProductId};

    use super::CampaignFault as Fault;
    use super::*;

    fn krw(amount: i64) -> Money {
        Money::new(amount, Currency::KRW)
    }

    pub(crate) fn draft(total: u32) -> CampaignDraft {
        let discount = CouponDiscount::Fixed(krw(1_000));
        let total = Quantity::new(total).unwrap();
        CampaignDraft::new("Welcome".parse().unwrap(), discount, CouponScope::All, total)
    }

    fn faults(change: impl FnOnce(&mut CampaignDraft)) -> Vec<Fault> {
        let mut draft = draft(10);
        change(&mut draft);
        NewCampaign::check(draft, Currency::KRW).map_or_else(|invalid| invalid.faults, |_| Vec::new())
    }

    fn percent(rate: u32, maximum: Option<Money>) -> CouponDiscount {
        CouponDiscount::Percent { rate: BasisPoints::new(rate).unwrap(), maximum }
    }

    fn products(count: u128) -> CouponScope {
        let id = |n: u128| format!("01900000-0000-7000-8000-{n:012x}").parse::<ProductId>().unwrap();
        CouponScope::Products((0..count).map(id).collect::<BTreeSet<_>>())
    }

    #[test]
    fn a_discount_takes_something_off() {
        let usd = Money::new(1, "USD".parse().unwrap());
        assert_eq!(faults(|_| ()), []);
        for amount in [krw(0), krw(-1), krw(i64::MIN), usd] {
            assert_eq!(faults(|d| d.terms.discount = CouponDiscount::Fixed(amount)), [Fault::DiscountAmount]);
            let capped = percent(1, Some(amount));
            assert_eq!(faults(|d| d.terms.discount = capped), [Fault::DiscountMaximum]);
        }
        assert_eq!(faults(|d| d.terms.discount = CouponDiscount::Fixed(krw(i64::MAX))), []);
        assert_eq!(faults(|d| d.terms.discount = percent(0, None)), [Fault::DiscountRate]);
        assert_eq!(faults(|d| d.terms.discount = percent(10_000, Some(krw(1)))), []);
    }

    #[test]
    fn bounds_the_orders_that_it_applies_to() {
        let usd = Money::new(1, "USD".parse().unwrap());
        assert_eq!(faults(|d| d.terms.minimum_order = Some(krw(-1))), [Fault::MinimumOrder]);
        assert_eq!(faults(|d| d.terms.minimum_order = Some(usd)), [Fault::MinimumOrder]);
        assert_eq!(faults(|d| d.terms.minimum_order = Some(krw(0))), []);
        assert_eq!(faults(|d| d.terms.scope = products(0)), [Fault::Scope]);
        assert_eq!(faults(|d| d.terms.scope = products(1_001)), [Fault::Scope]);
        assert_eq!(faults(|d| d.terms.scope = products(1_000)), []);
    }

    #[test]
    fn bounds_how_many_there_are() {
        let units = |n| Quantity::new(n).unwrap();
        for count in [0, MAX_COUPONS + 1] {
            assert_eq!(faults(|d| d.total = units(count)), [Fault::Total]);
            assert_eq!(faults(|d| d.per_user = units(count)), [Fault::PerUser]);
        }
        // More than there are is the same as no limit.
        assert_eq!(faults(|d| d.per_user = units(MAX_COUPONS)), []);
    }

    #[test]
    fn a_window_ends_after_it_begins() {
        let now = Timestamp::UNIX_EPOCH;
        let later = now + TimeDelta::milliseconds(1);
        let windows = [(None, None), (Some(now), None), (None, Some(now)), (Some(now), Some(later))];
        for (from, until) in windows {
            assert_eq!(faults(|d| (d.claim_from, d.claim_until) = (from, until)), []);
            assert_eq!(faults(|d| (d.valid_from, d.valid_until) = (from, until)), []);
        }
        for (from, until) in [(now, now), (later, now)] {
            let (from, until) = (Some(from), Some(until));
            assert_eq!(faults(|d| (d.claim_from, d.claim_until) = (from, until)), [Fault::ClaimWindow]);
            assert_eq!(faults(|d| (d.valid_from, d.valid_until) = (from, until)), [Fault::ValidityWindow]);
        }
    }

    #[test]
    fn days_from_the_claim_exclude_dates() {
        let now = Some(Timestamp::UNIX_EPOCH);
        for days in [0, u32::from(MAX_VALID_DAYS) + 1, u32::MAX] {
            assert_eq!(faults(|d| d.valid_days = Some(days)), [Fault::ValidDays]);
        }
        for (from, until) in [(now, None), (None, now)] {
            let both =
                |d: &mut CampaignDraft| (d.valid_from, d.valid_until, d.valid_days) = (from, until, Some(1));
            assert_eq!(faults(both), [Fault::ValidDaysAndDates]);
        }
        assert_eq!(faults(|d| d.valid_days = Some(u32::from(MAX_VALID_DAYS))), []);
    }

    #[test]
    fn tells_all_faults_at_once() {
        let mut wrong = draft(0);
        wrong.valid_days = Some(0);
        let invalid = NewCampaign::check(wrong, Currency::KRW).unwrap_err();
        assert_eq!(invalid.faults, [Fault::Total, Fault::ValidDays]);
        assert_eq!(
            invalid.to_string(),
            "a campaign has 1 to 1000000000 coupons; coupons are valid for 1 to 36500 days from their claim"
        );
    }
}
