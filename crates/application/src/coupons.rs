//! Where the order and the coupon meet: a coupon's terms become the discount of an order.

use std::collections::{BTreeMap, BTreeSet};

use jangteo_coupon::{
    CampaignRepository, CouponDiscount, CouponScope, CouponTerms, IssuedCoupon, IssuedCouponRepository,
    IssuedCoupons, UseRefusal,
};
use jangteo_order::{Discount, DiscountKind, DiscountRefusal, DiscountRule, DiscountScope, Order};
use jangteo_shared_kernel::{CouponId, IssuedCouponId, StorageError, Timestamp, UserId};

use crate::changed::changed;

/// Why a coupon cannot be used for an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CouponNotUsable {
    /// There is no such coupon.
    #[error("there is no such coupon")]
    Unknown,
    /// It cannot be used by this user now.
    #[error(transparent)]
    Use(#[from] UseRefusal),
    /// It takes nothing off this order.
    #[error(transparent)]
    Discount(#[from] DiscountRefusal),
}

/// Locked coupons with the terms of their campaigns.
pub(crate) struct CouponBook {
    coupons: IssuedCoupons,
    terms: BTreeMap<CouponId, CouponTerms>,
    touched: BTreeSet<IssuedCouponId>,
}

impl CouponBook {
    /// Locks coupons to use them. Terms never change, so they are read without a lock.
    pub(crate) async fn lock<Tx>(tx: &mut Tx, ids: BTreeSet<IssuedCouponId>) -> Result<Self, StorageError>
    where
        Tx: CampaignRepository + IssuedCouponRepository,
    {
        let book = Self::lock_to_give_back(tx, ids).await?;
        let campaigns: BTreeSet<CouponId> = book.coupons.values().map(|coupon| coupon.campaign).collect();
        Ok(Self { terms: tx.find_coupon_terms(&campaigns).await?, ..book })
    }

    /// Locks coupons to give them back, which takes no terms.
    pub(crate) async fn lock_to_give_back(
        tx: &mut impl IssuedCouponRepository,
        ids: BTreeSet<IssuedCouponId>,
    ) -> Result<Self, StorageError> {
        let coupons = tx.lock_issued_coupons(&ids).await?;
        Ok(Self { coupons, terms: BTreeMap::new(), touched: BTreeSet::new() })
    }

    /// The discount that this user gets by a coupon now.
    pub(crate) fn discount(
        &self,
        id: IssuedCouponId,
        user: UserId,
        now: Timestamp,
    ) -> Result<Discount, CouponNotUsable> {
        let coupon = self.coupons.get(&id).ok_or(CouponNotUsable::Unknown)?;
        coupon.check_usable(user, now)?;
        let terms = self.terms.get(&coupon.campaign).ok_or(CouponNotUsable::Unknown)?;
        Ok(Discount { coupon: id, rule: rule(terms) })
    }

    /// Uses the coupon of an order that was just placed, if it has one.
    pub(crate) fn use_for(&mut self, order: &Order, now: Timestamp) -> Result<(), CouponNotUsable> {
        let Some(id) = order.issued_coupon else { return Ok(()) };
        let coupon = self.coupons.get_mut(&id).ok_or(CouponNotUsable::Unknown)?;
        coupon.use_for(order.id, order.user, now)?;
        self.touched.insert(id);
        Ok(())
    }

    /// Gives back the coupon of an order that has ended unpaid, if it used one.
    pub(crate) fn give_back(&mut self, order: &Order) {
        let Some(coupon) = order.issued_coupon.and_then(|id| self.coupons.get_mut(&id)) else { return };
        if coupon.give_back(order.id).is_ok() {
            self.touched.insert(coupon.id);
        }
    }

    /// Saves the coupons that were used or given back.
    pub(crate) async fn save(&self, tx: &mut impl IssuedCouponRepository) -> Result<(), StorageError> {
        let changed: Vec<IssuedCoupon> = changed(&self.coupons, &self.touched);
        if changed.is_empty() { Ok(()) } else { tx.save_issued_coupons(&changed).await }
    }
}

/// The order's words for the coupon's terms.
fn rule(terms: &CouponTerms) -> DiscountRule {
    DiscountRule {
        kind: match terms.discount {
            CouponDiscount::Fixed(amount) => DiscountKind::Fixed(amount),
            CouponDiscount::Percent { rate, maximum } => DiscountKind::Percent { rate, maximum },
        },
        minimum: terms.minimum_order,
        scope: match &terms.scope {
            CouponScope::All => DiscountScope::All,
            CouponScope::Products(products) => DiscountScope::Products(products.clone()),
        },
    }
}
