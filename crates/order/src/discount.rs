//! What is taken off the price, and of which lines.
//!
//! The order knows what a discount is, not what a coupon is (ADR-006): whoever places an order translates one into the
//! other.

use std::collections::BTreeSet;

use jangteo_shared_kernel::{
    AllocationError, BasisPoints, IssuedCouponId, Money, MoneyError, ProductId, allocate,
};

use crate::OrderLine;

/// A discount that an order is placed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discount {
    /// The coupon that it comes from. It MUST be used in the transaction that places the order.
    pub coupon: IssuedCouponId,
    /// How it is computed.
    pub rule: DiscountRule,
}

/// How a discount is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscountRule {
    /// How much is taken off.
    pub kind: DiscountKind,
    /// What the lines that it applies to have to cost together at least.
    pub minimum: Option<Money>,
    /// Which lines it applies to.
    pub scope: DiscountScope,
}

/// How much is taken off the *base*: what the lines cost together that the discount applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiscountKind {
    /// An amount, or the whole base if that is less (hard case 2).
    Fixed(Money),
    /// `floor(base × rate / 10,000)`.
    Percent {
        /// Which share of the base.
        rate: BasisPoints,
        /// No more than that.
        maximum: Option<Money>,
    },
}

/// Which lines a discount applies to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiscountScope {
    /// All of them.
    All,
    /// Those of these products.
    Products(BTreeSet<ProductId>),
}

/// Why an order cannot be placed with a discount. It is not wasted on such an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DiscountRefusal {
    /// No line is of a product that it applies to.
    #[error("the discount applies to nothing in the order")]
    NothingApplies,
    /// The lines that it applies to cost too little.
    #[error("what the discount applies to costs less than {minimum}")]
    BelowMinimum {
        /// What they have to cost.
        minimum: Money,
    },
    /// It would take nothing off (hard case 4).
    #[error("the discount takes nothing off the order")]
    NothingOff,
    /// Its amounts are not of the order's currency.
    #[error("the discount is of another currency than the order")]
    OtherCurrency,
}

/// Why an order cannot be placed at these prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlaceRefusal {
    /// The discount is not usable.
    #[error(transparent)]
    DiscountNotUsable(#[from] DiscountRefusal),
    /// An amount does not fit (no price within bounds can do that) or is of another currency.
    #[error(transparent)]
    Amount(#[from] MoneyError),
}

impl DiscountRule {
    /// The share of each line in the discount: by largest remainder over the lines that it applies to, never above a
    /// line's gross, and above zero together.
    pub(crate) fn shares(&self, lines: &[OrderLine], nothing: Money) -> Result<Vec<Money>, PlaceRefusal> {
        if !lines.iter().any(|line| self.scope.contains(line.product)) {
            return Err(DiscountRefusal::NothingApplies.into());
        }
        let weight = |line: &OrderLine| if self.scope.contains(line.product) { line.gross } else { nothing };
        let weights: Vec<Money> = lines.iter().map(weight).collect();
        let base = Money::sum(nothing.currency(), weights.iter().copied())?;
        let discount = self.of(base)?;
        allocate(discount, &weights).map_err(|error| match error {
            AllocationError::Money(error) => error.into(),
            // The discount is within the base, and the base is a sum of prices: neither can happen.
            AllocationError::Negative | AllocationError::ExceedsWeights => MoneyError::Overflow.into(),
        })
    }

    /// The discount on this base: above zero and never above the base.
    fn of(&self, base: Money) -> Result<Money, PlaceRefusal> {
        let foreign = |money: Money| money.currency() != base.currency();
        let (amount, limit) = match self.kind {
            DiscountKind::Fixed(amount) => (amount, None),
            DiscountKind::Percent { rate, maximum } => (base.portion(rate)?, maximum),
        };
        if foreign(amount) || limit.is_some_and(foreign) || self.minimum.is_some_and(foreign) {
            return Err(DiscountRefusal::OtherCurrency.into());
        }
        if let Some(minimum) = self.minimum.filter(|minimum| base.amount() < minimum.amount()) {
            return Err(DiscountRefusal::BelowMinimum { minimum }.into());
        }
        let capped = limit.map_or(amount.amount(), |limit| amount.amount().min(limit.amount()));
        let discount = capped.min(base.amount());
        if discount <= 0 {
            return Err(DiscountRefusal::NothingOff.into());
        }
        Ok(Money::new(discount, base.currency()))
    }
}

impl DiscountScope {
    fn contains(&self, product: ProductId) -> bool {
        match self {
            Self::All => true,
            Self::Products(products) => products.contains(&product),
        }
    }
}

#[cfg(test)]
mod tests {
    use jangteo_shared_kernel::Currency;
    use proptest::prelude::*;

    use super::*;
    use crate::place::tests::{discounted, order_of, product};
    use crate::{Order, OrderStatus};

    fn krw(amount: i64) -> Money {
        Money::new(amount, Currency::KRW)
    }

    fn fixed(amount: i64) -> DiscountRule {
        DiscountRule { kind: DiscountKind::Fixed(krw(amount)), minimum: None, scope: DiscountScope::All }
    }

    fn percent(rate: u32, maximum: Option<i64>) -> DiscountRule {
        let rate = BasisPoints::new(rate).unwrap();
        DiscountRule { kind: DiscountKind::Percent { rate, maximum: maximum.map(krw) }, ..fixed(0) }
    }

    /// The rule for the products of these lines only.
    fn only(rule: &DiscountRule, lines: &[usize]) -> DiscountRule {
        DiscountRule {
            scope: DiscountScope::Products(lines.iter().map(|n| product(*n)).collect()),
            ..rule.clone()
        }
    }

    fn shares(order: &Order) -> Vec<i64> {
        order.lines.iter().map(|line| line.discount.amount()).collect()
    }

    fn refusal(lines: &[(i64, u32)], rule: DiscountRule) -> DiscountRefusal {
        match discounted(lines, rule) {
            Err(PlaceRefusal::DiscountNotUsable(refusal)) => refusal,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn is_shared_by_largest_remainder_and_frozen_per_line() {
        let order = discounted(&[(6_000, 1), (4_000, 1), (1, 1)], fixed(1_000)).unwrap();
        assert_eq!(shares(&order), [600, 400, 0]);
        assert_eq!((order.gross, order.discount, order.total()), (krw(10_001), krw(1_000), krw(9_001)));
        assert!(order.issued_coupon.is_some());
        assert_eq!(order_of(&[(6_000, 1)]).issued_coupon, None);
    }

    /// Hard case 2: a coupon larger than its base.
    #[test]
    fn hard_case_2_never_takes_off_more_than_its_base() {
        let order = discounted(&[(300, 2), (5_000, 1)], only(&fixed(1_000), &[0])).unwrap();
        assert_eq!(shares(&order), [600, 0]);
        assert_eq!((order.total(), order.status()), (krw(5_000), OrderStatus::PendingPayment));
    }

    /// Hard case 3: a total of zero.
    #[test]
    fn hard_case_3_an_order_that_is_free_by_its_discount_is_paid_at_once() {
        for rule in [fixed(1_000), fixed(i64::MAX), percent(10_000, None)] {
            let order = discounted(&[(300, 3), (100, 1)], rule).unwrap();
            assert_eq!(shares(&order), [900, 100]);
            assert_eq!((order.total(), order.status()), (krw(0), OrderStatus::Paid));
            assert_eq!(order.state.paid_at(), Some(order.created_at));
        }
    }

    /// Hard case 4: a percentage under one won a line.
    #[test]
    fn hard_case_4_a_percentage_is_taken_of_the_base_and_not_of_each_line() {
        let half_won_each = [(50, 1), (50, 1), (50, 1)];
        assert_eq!(shares(&discounted(&half_won_each, percent(100, None)).unwrap()), [1, 0, 0]);
        assert_eq!(refusal(&[(33, 1), (33, 1), (33, 1)], percent(100, None)), DiscountRefusal::NothingOff);
    }

    #[test]
    fn a_percentage_has_a_maximum() {
        assert_eq!(shares(&discounted(&[(10_000, 1)], percent(1_000, Some(500))).unwrap()), [500]);
        assert_eq!(shares(&discounted(&[(1_000, 1)], percent(1_000, Some(500))).unwrap()), [100]);
    }

    #[test]
    fn a_minimum_counts_only_what_the_discount_applies_to() {
        let minimum = krw(1_000);
        let rule = |scope: DiscountRule| DiscountRule { minimum: Some(minimum), ..scope };
        let lines = [(999, 1), (5_000, 1)];
        assert_eq!(refusal(&lines, rule(only(&fixed(1), &[0]))), DiscountRefusal::BelowMinimum { minimum });
        assert_eq!(shares(&discounted(&lines, rule(only(&fixed(1), &[1]))).unwrap()), [0, 1]);
        assert_eq!(shares(&discounted(&[(1_000, 1)], rule(fixed(1))).unwrap()), [1]);
    }

    #[test]
    fn refuses_a_discount_that_would_be_wasted() {
        assert_eq!(refusal(&[(100, 1)], only(&fixed(1), &[7])), DiscountRefusal::NothingApplies);
        assert_eq!(refusal(&[(0, 1), (100, 1)], only(&fixed(1), &[0])), DiscountRefusal::NothingOff);
        for rule in [fixed(0), fixed(-5), fixed(i64::MIN), percent(0, None), percent(5_000, Some(0))] {
            assert_eq!(refusal(&[(100, 1)], rule), DiscountRefusal::NothingOff);
        }
    }

    #[test]
    fn refuses_a_discount_of_another_currency() {
        let usd = Money::new(1, "USD".parse().unwrap());
        let capped = DiscountKind::Percent { rate: BasisPoints::WHOLE, maximum: Some(usd) };
        for rule in [
            DiscountRule { kind: DiscountKind::Fixed(usd), ..fixed(1) },
            DiscountRule { kind: capped, ..fixed(1) },
            DiscountRule { minimum: Some(usd), ..fixed(1) },
        ] {
            assert_eq!(refusal(&[(100, 1)], rule), DiscountRefusal::OtherCurrency);
        }
    }

    /// Hard case 20: amounts at the edges of i64.
    #[test]
    fn hard_case_20_a_discount_on_the_largest_amount_is_exact() {
        let rate = 3_333;
        let order = discounted(&[(i64::MAX, 1)], percent(rate, None)).unwrap();
        let exact = i128::from(i64::MAX) * i128::from(rate) / 10_000;
        assert_eq!(i128::from(order.discount.amount()), exact);
    }

    /// A rule and the lines that it applies to.
    type RuleOver = (DiscountRule, BTreeSet<usize>);

    fn rules(lines: usize) -> impl Strategy<Value = RuleOver> {
        let kind = prop_oneof![
            (0_i64..=200_000_000).prop_map(fixed),
            (0_u32..=10_000, prop::option::of(0_i64..=1_000_000))
                .prop_map(|(rate, most)| percent(rate, most)),
        ];
        let minimum = prop::option::of(0_i64..=100_000);
        let some = prop::collection::btree_set(0..lines, 0..=lines);
        (kind, minimum, some, any::<bool>()).prop_map(move |(rule, minimum, some, all)| {
            let rule = DiscountRule { minimum: minimum.map(krw), ..rule };
            if all {
                (rule, (0..lines).collect())
            } else {
                let listed: Vec<usize> = some.iter().copied().collect();
                (only(&rule, &listed), some)
            }
        })
    }

    fn lines_and_rule() -> impl Strategy<Value = (Vec<(i64, u32)>, RuleOver)> {
        let price = prop_oneof![0_i64..200, 0_i64..100_000];
        prop::collection::vec((price, 1_u32..=20), 1..12)
            .prop_flat_map(|lines| (Just(lines.clone()), rules(lines.len())))
    }

    proptest! {
        #[test]
        fn takes_exactly_what_the_rule_says_of_the_lines_that_it_names((lines, (rule, named)) in lines_and_rule()) {
            let gross = |n: usize| lines[n].0 * i64::from(lines[n].1);
            let base: i64 = named.iter().map(|n| gross(*n)).sum();
            let off = match rule.kind {
                DiscountKind::Fixed(amount) => amount.amount(),
                DiscountKind::Percent { rate, maximum } => {
                    (base * i64::from(rate.get()) / 10_000).min(maximum.map_or(i64::MAX, Money::amount))
                }
            }.min(base);
            let usable = off > 0 && rule.minimum.is_none_or(|minimum| minimum.amount() <= base);
            match discounted(&lines, rule) {
                Ok(order) => {
                    prop_assert!(usable);
                    prop_assert_eq!(order.discount.amount(), off);
                    prop_assert_eq!(shares(&order).iter().sum::<i64>(), off);
                    for (n, line) in order.lines.iter().enumerate() {
                        let most = if named.contains(&n) { gross(n) } else { 0 };
                        prop_assert!((0..=most).contains(&line.discount.amount()));
                    }
                    prop_assert_eq!(order.total().is_zero(), order.status() == OrderStatus::Paid);
                }
                Err(PlaceRefusal::DiscountNotUsable(_)) => prop_assert!(!usable),
                Err(PlaceRefusal::Amount(error)) => return Err(TestCaseError::fail(error.to_string())),
            }
        }
    }
}
