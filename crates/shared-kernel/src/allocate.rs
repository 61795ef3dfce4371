//! Sharing an amount out by largest remainder.

use crate::{Money, MoneyError};

/// Why an amount cannot be shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AllocationError {
    /// The amount or a weight is below zero.
    #[error("an amount below zero cannot be shared out")]
    Negative,
    /// The amount is more than the weights together, so some share would exceed its weight.
    #[error("the amount is more than what it is shared over")]
    ExceedsWeights,
    /// The currencies differ.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Shares `total` out in proportion to `weights`, by largest remainder; ties go to the lower index.
///
/// The shares add up to exactly `total`, and no share exceeds its weight: a line never gets more discount than
/// it costs (ADR-005). Errors if `total` is more than all weights together, if anything is negative, or if the
/// currencies differ. Sums and products are taken in 128 bits, so any weights of 64 bits do.
pub fn allocate(total: Money, weights: &[Money]) -> Result<Vec<Money>, AllocationError> {
    let currency = total.currency();
    if let Some(other) = weights.iter().find(|weight| weight.currency() != currency) {
        return Err(MoneyError::CurrencyMismatch(currency, other.currency()).into());
    }
    if total.is_negative() || weights.iter().any(|weight| weight.is_negative()) {
        return Err(AllocationError::Negative);
    }
    let whole: i128 = weights.iter().map(|weight| i128::from(weight.amount())).sum();
    if i128::from(total.amount()) > whole {
        return Err(AllocationError::ExceedsWeights);
    }
    if whole == 0 {
        return Ok(vec![Money::zero(currency); weights.len()]);
    }

    let mut remainders = Vec::with_capacity(weights.len());
    let mut shares = Vec::with_capacity(weights.len());
    let mut left = i128::from(total.amount());
    for (index, weight) in weights.iter().enumerate() {
        let exact = i128::from(total.amount()) * i128::from(weight.amount());
        let share = exact / whole;
        left -= share;
        remainders.push((exact % whole, index));
        shares.push(share);
    }
    // Fewer units are left than there are remainders above zero, so a weight of zero never gets one.
    remainders.sort_by_key(|&(remainder, index)| (std::cmp::Reverse(remainder), index));
    for (_, index) in remainders {
        if left == 0 {
            break;
        }
        shares[index] += 1;
        left -= 1;
    }
    shares
        .into_iter()
        .map(|share| i64::try_from(share).map(|amount| Money::new(amount, currency)))
        .collect::<Result<_, _>>()
        .map_err(|_| MoneyError::Overflow.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Currency;

    fn krw(amount: i64) -> Money {
        Money::new(amount, Currency::KRW)
    }

    fn shares(total: i64, weights: &[i64]) -> Vec<i64> {
        let weights: Vec<_> = weights.iter().copied().map(krw).collect();
        allocate(krw(total), &weights).unwrap().into_iter().map(Money::amount).collect()
    }

    #[test]
    fn gives_the_example_of_the_requirements() {
        assert_eq!(shares(1_000, &[6_000, 4_000, 1]), [600, 400, 0]);
    }

    #[test]
    fn gives_ties_to_the_lower_line() {
        assert_eq!(shares(2, &[1, 1, 1]), [1, 1, 0]);
        assert_eq!(shares(100, &[333, 333, 333]), [34, 33, 33]);
    }

    #[test]
    fn shares_nothing_over_nothing() {
        assert_eq!(shares(0, &[]), Vec::<i64>::new());
        assert_eq!(shares(0, &[0, 0]), [0, 0]);
    }

    #[test]
    fn refuses_what_has_no_answer() {
        assert_eq!(allocate(krw(1), &[]), Err(AllocationError::ExceedsWeights));
        assert_eq!(allocate(krw(3), &[krw(1), krw(1)]), Err(AllocationError::ExceedsWeights));
        assert_eq!(allocate(krw(-1), &[krw(1)]), Err(AllocationError::Negative));
        assert_eq!(allocate(krw(1), &[krw(-1), krw(5)]), Err(AllocationError::Negative));
        let usd = "USD".parse().unwrap();
        let mixed = MoneyError::CurrencyMismatch(Currency::KRW, usd);
        assert_eq!(allocate(krw(1), &[Money::new(1, usd)]), Err(mixed.into()));
    }

    fn weights_and_total() -> impl Strategy<Value = (Vec<i64>, i64)> {
        let weight = prop_oneof![0..=10_i64, 0..=1_000_000_000_000_i64, Just(i64::MAX), Just(0)];
        prop::collection::vec(weight, 1..20).prop_flat_map(|weights| {
            let whole: i128 = weights.iter().copied().map(i128::from).sum();
            let most = i64::try_from(whole).unwrap_or(i64::MAX);
            (Just(weights), prop_oneof![0..=most, Just(most)])
        })
    }

    proptest! {
        #[test]
        fn adds_up_exactly_and_never_exceeds_a_weight((weights, total) in weights_and_total()) {
            let shares = shares(total, &weights);
            prop_assert_eq!(shares.iter().copied().map(i128::from).sum::<i128>(), i128::from(total));
            for (share, weight) in shares.iter().zip(&weights) {
                prop_assert!((0..=*weight).contains(share));
            }
        }

        #[test]
        fn is_within_one_unit_of_the_exact_share((weights, total) in weights_and_total()) {
            let whole: i128 = weights.iter().copied().map(i128::from).sum();
            for (share, weight) in shares(total, &weights).into_iter().zip(&weights) {
                let difference = i128::from(share) * whole - i128::from(total) * i128::from(*weight);
                prop_assert!(difference.abs() < whole.max(1));
            }
        }

        #[test]
        fn never_panics(total in any::<i64>(), weights in prop::collection::vec(any::<i64>(), 0..8)) {
            let weights: Vec<_> = weights.into_iter().map(krw).collect();
            let _ = allocate(krw(total), &weights);
        }
    }
}
