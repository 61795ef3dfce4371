//! What there is in the shop at the beginning. Times are seconds from then.

use jangteo_point::PointLimits;

use super::Step;

pub(super) const USERS: usize = 3;
pub(super) const STOCK: i64 = 12;
pub(super) const PRICES: [i64; 4] = [1_000, 333, 0, 7];
pub(super) const UNPAID_EXPIRY: i64 = 30 * 60;
/// How long points live that come back after their lot has expired.
pub(super) const MONTH: i64 = 30 * 86_400;

/// Low, so that they are met.
pub(super) const LIMITS: PointLimits =
    PointLimits { min_charge: 1_000, max_charge: 30_000, max_balance: 60_000 };

/// What happens first, so that there are points to spend: some for good, and some that expire one after the other.
pub(super) fn first_steps() -> impl Iterator<Item = Step> {
    (0..USERS).flat_map(|user| {
        [
            Step::Charge { user, amount: 6_000 },
            Step::Grant { user, amount: 500, until: 3_000 },
            Step::Grant { user, amount: 900, until: 1_500 },
        ]
    })
}

/// A campaign, in whole numbers.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) off: Off,
    pub(super) minimum: Option<i64>,
    /// `None` is every product.
    pub(super) scope: Option<&'static [usize]>,
    pub(super) total: u32,
    pub(super) per_user: u32,
    pub(super) claims: (Option<i64>, Option<i64>),
    pub(super) valid: Valid,
}

#[derive(Debug)]
pub(super) enum Off {
    Won(i64),
    BasisPoints(u32, Option<i64>),
}

#[derive(Debug)]
pub(super) enum Valid {
    Between(Option<i64>, Option<i64>),
    DaysFromClaim(u32),
}

const PLAIN: Plan = Plan {
    off: Off::Won(1_500),
    minimum: None,
    scope: None,
    total: 4,
    per_user: 1,
    claims: (None, None),
    valid: Valid::Between(None, None),
};

pub(super) const CAMPAIGNS: [Plan; 5] = [
    Plan { per_user: 2, ..PLAIN },
    Plan {
        off: Off::BasisPoints(3_333, Some(700)),
        total: 2,
        valid: Valid::Between(None, Some(12_000)),
        ..PLAIN
    },
    Plan {
        off: Off::Won(500),
        minimum: Some(660),
        scope: Some(&[1, 3]),
        claims: (Some(300), Some(3_600)),
        valid: Valid::DaysFromClaim(1),
        ..PLAIN
    },
    // Now and then this is less than one won.
    Plan { off: Off::BasisPoints(100, None), per_user: 3, valid: Valid::Between(Some(900), None), ..PLAIN },
    // The rest is free.
    Plan { off: Off::BasisPoints(10_000, None), scope: Some(&[0, 1]), per_user: 2, ..PLAIN },
];
