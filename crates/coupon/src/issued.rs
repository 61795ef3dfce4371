//! A coupon in the hands of a user.

use jangteo_shared_kernel::{CouponId, IssuedCouponId, OrderId, Timestamp, UserId};

/// One coupon of a campaign: whose it is, and whether it is used.
///
/// The fields are public for storages, which write and read them; rules live in the methods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedCoupon {
    /// Names it to every other context.
    pub id: IssuedCouponId,
    /// Of which campaign.
    pub campaign: CouponId,
    /// Whose it is.
    pub user: UserId,
    /// Its place among all coupons of the campaign, from 1, without gaps.
    pub sequence: u32,
    /// Its place among the user's coupons of the campaign, from 1, without gaps.
    pub nth: u32,
    /// When it was claimed.
    pub claimed_at: Timestamp,
    /// From when it can be used; `None` is from the claim.
    pub valid_from: Option<Timestamp>,
    /// From when it can no longer be used; `None` is never.
    pub valid_until: Option<Timestamp>,
    /// What it is used for at the moment.
    pub used: Option<CouponUse>,
    /// Counts its changes.
    pub version: i64,
}

/// What a coupon is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CouponUse {
    /// For which order.
    pub order: OrderId,
    /// When that was placed.
    pub used_at: Timestamp,
}

/// Where a coupon is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "SCREAMING_SNAKE_CASE")
)]
pub enum CouponStatus {
    /// It was not used yet, or was given back. It can be used once it is valid.
    Issued,
    /// An order has used it.
    Used,
    /// It was not used in time.
    Expired,
}

/// Why a coupon cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UseRefusal {
    /// It is somebody else's.
    #[error("the coupon is somebody else's")]
    NotOwned,
    /// An order has used it.
    #[error("the coupon is used")]
    AlreadyUsed,
    /// Its time has not come.
    #[error("the coupon is not valid yet")]
    NotYetValid,
    /// Its time is over.
    #[error("the coupon has expired")]
    Expired,
}

/// Another order uses the coupon, or none: there is nothing to give back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the order does not use the coupon")]
pub struct GiveBackRefusal;

impl IssuedCoupon {
    /// Where it is in its life at `now`. A used coupon stays used, however late it is.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> CouponStatus {
        if self.used.is_some() {
            CouponStatus::Used
        } else if self.valid_until.is_some_and(|until| until <= now) {
            CouponStatus::Expired
        } else {
            CouponStatus::Issued
        }
    }

    /// Whether this user can use it at `now`.
    pub fn check_usable(&self, user: UserId, now: Timestamp) -> Result<(), UseRefusal> {
        if self.user != user {
            return Err(UseRefusal::NotOwned);
        }
        match self.status(now) {
            CouponStatus::Used => Err(UseRefusal::AlreadyUsed),
            CouponStatus::Expired => Err(UseRefusal::Expired),
            CouponStatus::Issued if self.valid_from.is_some_and(|from| now < from) => {
                Err(UseRefusal::NotYetValid)
            }
            CouponStatus::Issued => Ok(()),
        }
    }

    /// Uses it for an order of its user. Only an order that it takes something off MUST use it.
    pub fn use_for(&mut self, order: OrderId, user: UserId, now: Timestamp) -> Result<(), UseRefusal> {
        self.check_usable(user, now)?;
        self.used = Some(CouponUse { order, used_at: now });
        self.version += 1;
        Ok(())
    }

    /// Gives it back to its user, for the order was cancelled, has expired or was refunded in full. If its time is over
    /// it has thereby expired.
    pub fn give_back(&mut self, order: OrderId) -> Result<(), GiveBackRefusal> {
        if self.used.is_none_or(|used| used.order != order) {
            return Err(GiveBackRefusal);
        }
        self.used = None;
        self.version += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use jangteo_shared_kernel::Id;
    use proptest::prelude::*;

    use super::CouponStatus::{Expired, Issued, Used};
    use super::*;

    fn id<K>(n: u32) -> Id<K> {
        format!("01900000-0000-7000-8000-{n:012x}").parse().unwrap()
    }

    fn hour(n: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::hours(n)
    }

    /// A coupon of user 9, valid from hour 10 until hour 20.
    fn coupon() -> IssuedCoupon {
        IssuedCoupon {
            id: id(1),
            campaign: id(2),
            user: id(9),
            sequence: 1,
            nth: 1,
            claimed_at: hour(0),
            valid_from: Some(hour(10)),
            valid_until: Some(hour(20)),
            used: None,
            version: 1,
        }
    }

    #[test]
    fn is_used_by_its_user_in_its_time_and_once() {
        let mut coupon = coupon();
        assert_eq!(coupon.use_for(id(5), id(8), hour(10)), Err(UseRefusal::NotOwned));
        assert_eq!(coupon.use_for(id(5), id(9), hour(9)), Err(UseRefusal::NotYetValid));
        assert_eq!(coupon.use_for(id(5), id(9), hour(20)), Err(UseRefusal::Expired));
        assert_eq!(coupon.version, 1);
        assert_eq!(coupon.use_for(id(5), id(9), hour(10)), Ok(()));
        assert_eq!(coupon.use_for(id(6), id(9), hour(10)), Err(UseRefusal::AlreadyUsed));
        assert_eq!(coupon.used, Some(CouponUse { order: id(5), used_at: hour(10) }));
    }

    #[test]
    fn is_issued_before_its_time_and_expired_after_it() {
        let mut coupon = coupon();
        let statuses = |coupon: &IssuedCoupon| [9, 10, 19, 20].map(|n| coupon.status(hour(n)));
        assert_eq!(statuses(&coupon), [Issued, Issued, Issued, Expired]);
        coupon.use_for(id(5), id(9), hour(19)).unwrap();
        assert_eq!(statuses(&coupon), [Used; 4]);
        let endless = IssuedCoupon { valid_from: None, valid_until: None, used: None, ..coupon };
        assert_eq!(endless.check_usable(id(9), Timestamp::MAX_UTC), Ok(()));
    }

    #[test]
    fn only_the_order_that_used_it_gives_it_back() {
        let mut coupon = coupon();
        assert_eq!(coupon.give_back(id(5)), Err(GiveBackRefusal));
        coupon.use_for(id(5), id(9), hour(10)).unwrap();
        assert_eq!(coupon.give_back(id(6)), Err(GiveBackRefusal));
        assert_eq!(coupon.give_back(id(5)), Ok(()));
        assert_eq!((coupon.status(hour(11)), coupon.version), (Issued, 3));
        assert_eq!(coupon.use_for(id(6), id(9), hour(11)), Ok(()));
    }

    /// Hard case 10: the coupon expires between place and cancel.
    #[test]
    fn hard_case_10_a_coupon_given_back_after_its_time_has_expired() {
        let mut coupon = coupon();
        coupon.use_for(id(5), id(9), hour(19)).unwrap();
        assert_eq!(coupon.status(hour(21)), Used);
        assert_eq!(coupon.give_back(id(5)), Ok(()));
        assert_eq!(coupon.status(hour(21)), Expired);
        assert_eq!(coupon.use_for(id(6), id(9), hour(21)), Err(UseRefusal::Expired));
    }

    proptest! {
        #[test]
        fn at_most_one_order_uses_it_and_only_in_its_time(steps in prop::collection::vec((any::<bool>(), 1_u32..4, 0_i64..6), 0..20)) {
            let (mut coupon, mut now) = (coupon(), 5);
            let mut user_of_it = None;
            for (uses, order, hours) in steps {
                now += hours;
                if uses {
                    let can = user_of_it.is_none() && (10..20).contains(&now);
                    prop_assert_eq!(coupon.use_for(id(order), id(9), hour(now)).is_ok(), can);
                    user_of_it = if can { Some(order) } else { user_of_it };
                } else {
                    let can = user_of_it == Some(order);
                    prop_assert_eq!(coupon.give_back(id(order)).is_ok(), can);
                    user_of_it = user_of_it.filter(|_| !can);
                }
                prop_assert_eq!(coupon.status(hour(now)) == Used, user_of_it.is_some());
                prop_assert_eq!(coupon.used.map(|used| used.order), user_of_it.map(id));
            }
        }
    }
}
