//! What a coupon is worth. Terms never change once a campaign is made, so they are read without a lock.

use std::collections::BTreeSet;

use jangteo_shared_kernel::{BasisPoints, Currency, Money, ProductId};

use crate::CampaignFault;

/// The most products that a campaign lists.
pub const MAX_SCOPE_PRODUCTS: usize = 1_000;

/// What a coupon of a campaign takes off, and from which orders.
///
/// The fields are public for storages, which write and read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CouponTerms {
    /// How much is taken off.
    pub discount: CouponDiscount,
    /// What the products that the coupon applies to have to cost together at least.
    pub minimum_order: Option<Money>,
    /// Which products it applies to.
    pub scope: CouponScope,
}

/// How much a coupon takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CouponDiscount {
    /// An amount, or all if that is less.
    Fixed(Money),
    /// A share of what the products cost that the coupon applies to.
    Percent {
        /// Which share; above zero.
        rate: BasisPoints,
        /// No more than that.
        maximum: Option<Money>,
    },
}

/// Which products a coupon applies to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CouponScope {
    /// Every product.
    All,
    /// These products, 1 to [`MAX_SCOPE_PRODUCTS`].
    Products(BTreeSet<ProductId>),
}

impl CouponTerms {
    /// What is wrong with the terms of a campaign in this currency.
    pub(crate) fn faults(&self, currency: Currency) -> Vec<CampaignFault> {
        let positive = |money: Money| money.currency() == currency && money.amount() > 0;
        let mut faults = Vec::new();
        match self.discount {
            CouponDiscount::Fixed(amount) if positive(amount) => {}
            CouponDiscount::Fixed(_) => faults.push(CampaignFault::DiscountAmount),
            CouponDiscount::Percent { rate, maximum } => {
                if rate.get() == 0 {
                    faults.push(CampaignFault::DiscountRate);
                }
                if !maximum.is_none_or(positive) {
                    faults.push(CampaignFault::DiscountMaximum);
                }
            }
        }
        let minimum = |money: Money| money.currency() == currency && !money.is_negative();
        if !self.minimum_order.is_none_or(minimum) {
            faults.push(CampaignFault::MinimumOrder);
        }
        if let CouponScope::Products(products) = &self.scope
            && !(1..=MAX_SCOPE_PRODUCTS).contains(&products.len())
        {
            faults.push(CampaignFault::Scope);
        }
        faults
    }
}
