//! What there is to refund.

use std::collections::BTreeMap;

use jangteo_shared_kernel::{
    Currency, Money, MoneyError, OrderId, OrderLineId, PaymentId, ProductId, Quantity, Timestamp, UserId,
};

/// A payment that completed, with its order's lines, as a refund sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundablePayment {
    /// Which payment.
    pub payment: PaymentId,
    /// Which order it settled.
    pub order: OrderId,
    /// Whose.
    pub user: UserId,
    /// When that order was paid.
    pub paid_at: Timestamp,
    /// What its amounts are in.
    pub currency: Currency,
    /// The order's lines, by number.
    pub lines: Vec<RefundableLine>,
}

/// A line of the order, and what each tender paid for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundableLine {
    /// Which line.
    pub line: OrderLineId,
    /// Of which product.
    pub product: ProductId,
    /// How many units were sold.
    pub quantity: Quantity,
    /// How many of them were refunded before.
    pub refunded: Quantity,
    /// What each tender paid for all of the units; at most one share a method.
    pub shares: Vec<Share>,
}

/// A way on which money came in, and on which it goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "SCREAMING_SNAKE_CASE")
)]
pub enum RefundMethod {
    /// To the customer's point account.
    Point,
    /// To the customer's card, through a gateway.
    Card,
}

/// An amount on one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Which way.
    pub method: RefundMethod,
    /// How much.
    pub amount: Money,
}

impl RefundableLine {
    /// How many units are left.
    pub(crate) fn left(&self) -> Quantity {
        self.quantity.minus(self.refunded).unwrap_or(Quantity::ZERO)
    }
}

impl Share {
    /// What these shares are together on each way, by method.
    pub fn by_method<'a>(
        currency: Currency,
        shares: impl IntoIterator<Item = &'a Self>,
    ) -> Result<Vec<Self>, MoneyError> {
        let mut sums = BTreeMap::new();
        for share in shares {
            let sum = sums.entry(share.method).or_insert(Money::zero(currency));
            *sum = sum.plus(share.amount)?;
        }
        Ok(sums.into_iter().map(|(method, amount)| Self { method, amount }).collect())
    }

    /// What `units` of the share's `quantity` give back if `before` of them were given back before:
    /// `F(before + units) − F(before)`.
    pub(crate) fn of_units(
        self,
        before: Quantity,
        units: Quantity,
        quantity: Quantity,
    ) -> Result<Self, MoneyError> {
        let until = |n: Quantity| {
            let exact = i128::from(self.amount.amount()) * i128::from(n.get());
            // No quantity is no unit, of which nothing can be asked.
            exact.div_euclid(i128::from(quantity.get().max(1)))
        };
        let after = before.plus(units).map_err(|_| MoneyError::Overflow)?;
        let amount = i64::try_from(until(after) - until(before)).map_err(|_| MoneyError::Overflow)?;
        Ok(Self { method: self.method, amount: Money::new(amount, self.amount.currency()) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn back(share: i64, before: u32, count: u32, quantity: u32) -> i64 {
        let units = |n| Quantity::new(n).unwrap();
        let share = Share { method: RefundMethod::Point, amount: Money::new(share, Currency::KRW) };
        share.of_units(units(before), units(count), units(quantity)).unwrap().amount.amount()
    }

    #[test]
    fn the_last_unit_takes_the_rest() {
        assert_eq!((0..3).map(|n| back(10_000, n, 1, 3)).collect::<Vec<_>>(), [3_333, 3_333, 3_334]);
        assert_eq!((0..4).map(|n| back(2, n, 1, 4)).collect::<Vec<_>>(), [0, 1, 0, 1]);
        assert_eq!(back(0, 0, 3, 3), 0);
    }

    /// Hard case 20: amounts at the edges of i64.
    #[test]
    fn hard_case_20_the_largest_share_is_divided_exactly() {
        let parts: i128 = (0..999).map(|n| i128::from(back(i64::MAX, n, 1, 999))).sum();
        assert_eq!(parts, i128::from(i64::MAX));
        assert_eq!(back(i64::MAX, 0, 4_000_000_000, 4_000_000_000), i64::MAX);
    }

    proptest! {
        #[test]
        fn any_split_of_a_share_adds_up_to_it(
            share in prop_oneof![0_i64..100, 0_i64..=i64::MAX],
            parts in prop::collection::vec(1_u32..=40, 1..20),
        ) {
            let quantity: u32 = parts.iter().sum();
            let (mut before, mut sum) = (0, 0);
            for part in parts {
                let amount = back(share, before, part, quantity);
                prop_assert!(amount >= 0);
                // Within one won of the exact proportion.
                let exact = i128::from(share) * i128::from(part);
                prop_assert!((i128::from(amount) * i128::from(quantity) - exact).abs() < i128::from(quantity));
                before += part;
                sum += amount;
            }
            prop_assert_eq!(sum, share);
        }
    }
}
