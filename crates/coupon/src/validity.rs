//! When the coupons of a campaign can be used.

use chrono::TimeDelta;
use jangteo_shared_kernel::Timestamp;

/// The most days that a coupon is valid from its claim: a hundred years.
pub const MAX_VALID_DAYS: u16 = 36_500;

/// When a coupon can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// In a window of time, the same for all coupons of a campaign. An end that is missing is open.
    Window {
        /// Not before.
        from: Option<Timestamp>,
        /// From then on no longer.
        until: Option<Timestamp>,
    },
    /// For some days of 24 hours from the claim.
    FromClaim {
        /// How many; 1 to [`MAX_VALID_DAYS`].
        days: u16,
    },
}

impl Validity {
    /// No beginning and no end.
    pub const UNLIMITED: Self = Self::Window { from: None, until: None };

    /// From when and until when a coupon can be used that is claimed at `now`. This is frozen with the coupon.
    #[must_use]
    pub fn of_claim_at(&self, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
        match *self {
            Self::Window { from, until } => (from, until),
            Self::FromClaim { days } => {
                let until = now.checked_add_signed(TimeDelta::days(days.into()));
                (Some(now), Some(until.unwrap_or(Timestamp::MAX_UTC)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_of_24_hours_from_the_claim() {
        let now: Timestamp = "2026-11-22T14:59:59.999Z".parse().unwrap();
        let until: Timestamp = "2026-11-24T14:59:59.999Z".parse().unwrap();
        assert_eq!(Validity::FromClaim { days: 2 }.of_claim_at(now), (Some(now), Some(until)));
        assert_eq!(Validity::UNLIMITED.of_claim_at(now), (None, None));
        let end_of_time = Validity::FromClaim { days: MAX_VALID_DAYS }.of_claim_at(Timestamp::MAX_UTC);
        assert_eq!(end_of_time.1, Some(Timestamp::MAX_UTC));
    }
}
