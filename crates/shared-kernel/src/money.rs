//! Amounts of money.

use std::fmt;
use std::str::FromStr;

use crate::{BasisPoints, Quantity};

/// An ISO 4217 currency code: three upper-case letters.
///
/// Whether a code is one that the shop trades in is configuration; here only the form counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(into = "String", try_from = "String")
)]
pub struct Currency([u8; 3]);

/// The text is not a currency code of three upper-case letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a currency is three upper-case letters, such as KRW")]
pub struct InvalidCurrency;

impl Currency {
    /// The South Korean won, the default. It has no minor unit: an amount of 1 is one won.
    pub const KRW: Self = Self(*b"KRW");

    /// The code as text.
    #[must_use]
    pub fn code(&self) -> &str {
        // Only ASCII letters get in, so this is always the code.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Currency {
    type Err = InvalidCurrency;

    fn from_str(text: &str) -> Result<Self, InvalidCurrency> {
        match text.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(InvalidCurrency),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = InvalidCurrency;

    fn try_from(text: String) -> Result<Self, InvalidCurrency> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount of money: a signed count of minor units and its currency.
///
/// All arithmetic is checked: an overflow or two currencies in one sum is an error, never a wrap and never a
/// panic. No float touches money.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Money {
    amount: i64,
    currency: Currency,
}

/// Why a computation with money has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The result does not fit into 64 bits of minor units.
    #[error("the amount is too large")]
    Overflow,
    /// The two amounts are of different currencies.
    #[error("amounts of {0} and {1} cannot be combined")]
    CurrencyMismatch(Currency, Currency),
}

impl Money {
    /// An amount in minor units: won for KRW, cents for USD.
    #[must_use]
    pub const fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Nothing, in this currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// The count of minor units.
    #[must_use]
    pub const fn amount(self) -> i64 {
        self.amount
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether this is exactly nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.amount == 0
    }

    /// Whether this is below nothing.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.amount < 0
    }

    /// The sum of both.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        let currency = self.same_currency(other)?;
        self.amount
            .checked_add(other.amount)
            .map(|amount| Self { amount, currency })
            .ok_or(MoneyError::Overflow)
    }

    /// This less the other; the result may be negative.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        let currency = self.same_currency(other)?;
        self.amount
            .checked_sub(other.amount)
            .map(|amount| Self { amount, currency })
            .ok_or(MoneyError::Overflow)
    }

    /// The price of several units.
    pub fn times(self, quantity: Quantity) -> Result<Self, MoneyError> {
        let amount = self.amount.checked_mul(i64::from(quantity.get())).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..self })
    }

    /// The same amount with the other sign.
    pub fn negated(self) -> Result<Self, MoneyError> {
        let amount = self.amount.checked_neg().ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..self })
    }

    /// `floor(amount × rate / 10,000)`, computed in 128 bits. At most 100 %, so it always fits.
    pub fn portion(self, rate: BasisPoints) -> Result<Self, MoneyError> {
        let exact = i128::from(self.amount) * i128::from(rate.get());
        let amount = i64::try_from(exact.div_euclid(i128::from(BasisPoints::WHOLE.get())));
        Ok(Self { amount: amount.map_err(|_| MoneyError::Overflow)?, ..self })
    }

    /// The sum of many amounts, all of `currency`.
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::plus)
    }

    fn same_currency(self, other: Self) -> Result<Currency, MoneyError> {
        if self.currency == other.currency {
            Ok(self.currency)
        } else {
            Err(MoneyError::CurrencyMismatch(self.currency, other.currency))
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn krw(amount: i64) -> Money {
        Money::new(amount, Currency::KRW)
    }

    #[test]
    fn refuses_to_mix_currencies() {
        let usd: Currency = "USD".parse().unwrap();
        let mismatch = MoneyError::CurrencyMismatch(Currency::KRW, usd);
        assert_eq!(krw(1).plus(Money::new(1, usd)), Err(mismatch));
        assert_eq!(krw(1).minus(Money::new(1, usd)), Err(mismatch));
    }

    #[test]
    fn reads_only_three_upper_case_letters_as_a_currency() {
        assert_eq!("KRW".parse(), Ok(Currency::KRW));
        for text in ["", "KR", "krw", "KRWW", "K1W", "원"] {
            assert_eq!(text.parse::<Currency>(), Err(InvalidCurrency), "{text}");
        }
    }

    #[test]
    fn a_portion_rounds_towards_less() {
        let rate = BasisPoints::new(333).unwrap();
        assert_eq!(krw(100).portion(rate), Ok(krw(3)));
        assert_eq!(krw(29).portion(rate), Ok(krw(0)));
        assert_eq!(krw(-1).portion(rate), Ok(krw(-1)));
        assert_eq!(krw(i64::MAX).portion(BasisPoints::WHOLE), Ok(krw(i64::MAX)));
    }

    /// Every i64, with the edges (hard case 20) far more often than chance would have it.
    fn any_amount() -> impl Strategy<Value = i64> {
        prop_oneof![
            any::<i64>(),
            prop::sample::select(vec![i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX]),
        ]
    }

    proptest! {
        #[test]
        fn no_operation_panics_or_wraps(a in any_amount(), b in any_amount(), n in 0_u32..=4_000_000_000, bp in 0_u32..=10_000) {
            let exact = |value: i128| i64::try_from(value).map(krw).map_err(|_| MoneyError::Overflow);
            let (wide_a, wide_b) = (i128::from(a), i128::from(b));
            prop_assert_eq!(krw(a).plus(krw(b)), exact(wide_a + wide_b));
            prop_assert_eq!(krw(a).minus(krw(b)), exact(wide_a - wide_b));
            prop_assert_eq!(krw(a).negated(), exact(-wide_a));
            prop_assert_eq!(krw(a).times(Quantity::new(n).unwrap()), exact(wide_a * i128::from(n)));
            let portion = krw(a).portion(BasisPoints::new(bp).unwrap()).unwrap();
            prop_assert!(i128::from(portion.amount()) * 10_000 <= wide_a * i128::from(bp));
            prop_assert!((i128::from(portion.amount()) + 1) * 10_000 > wide_a * i128::from(bp));
        }

        #[test]
        fn a_sum_is_exact_or_an_overflow(amounts in prop::collection::vec(any_amount(), 0..6)) {
            let mut running = Ok(0_i64);
            for amount in &amounts {
                running = running.and_then(|sum: i64| sum.checked_add(*amount).ok_or(MoneyError::Overflow));
            }
            prop_assert_eq!(Money::sum(Currency::KRW, amounts.into_iter().map(krw)), running.map(krw));
        }
    }

    #[cfg(feature = "serde")]
    #[test]
    fn is_an_object_in_json() {
        let json = r#"{"amount":12000,"currency":"KRW"}"#;
        assert_eq!(serde_json::to_string(&krw(12_000)).unwrap(), json);
        assert_eq!(serde_json::from_str::<Money>(json).unwrap(), krw(12_000));
        assert!(serde_json::from_str::<Money>(r#"{"amount":1.5,"currency":"KRW"}"#).is_err());
    }
}
