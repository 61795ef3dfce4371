//! Counts of units.

use std::fmt;

/// A count of units, 0 to 4,000,000,000: of stock, or of a line of an order. Contexts set narrower bounds where
/// units come in, so that giving units back never meets this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(into = "u32", try_from = "u32")
)]
pub struct Quantity(u32);

/// The count is above 4,000,000,000 or below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a quantity is 0 to {}", Quantity::MAX.0)]
pub struct InvalidQuantity;

impl Quantity {
    /// No units.
    pub const ZERO: Self = Self(0);
    /// One unit.
    pub const ONE: Self = Self(1);
    /// The most that is counted: 4 × 10⁹.
    pub const MAX: Self = Self(4_000_000_000);

    /// A count of units.
    pub const fn new(units: u32) -> Result<Self, InvalidQuantity> {
        if units <= Self::MAX.0 { Ok(Self(units)) } else { Err(InvalidQuantity) }
    }

    /// The count.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Both together; an error above [`Quantity::MAX`].
    pub fn plus(self, other: Self) -> Result<Self, InvalidQuantity> {
        self.0.checked_add(other.0).ok_or(InvalidQuantity).and_then(Self::new)
    }

    /// What is left after taking `other` away; an error if there is not that much.
    pub fn minus(self, other: Self) -> Result<Self, InvalidQuantity> {
        self.0.checked_sub(other.0).map(Self).ok_or(InvalidQuantity)
    }

    /// The count moved by a signed difference; an error outside 0 to [`Quantity::MAX`].
    pub fn moved_by(self, delta: i64) -> Result<Self, InvalidQuantity> {
        i64::from(self.0).checked_add(delta).ok_or(InvalidQuantity).and_then(Self::try_from)
    }
}

impl TryFrom<u32> for Quantity {
    type Error = InvalidQuantity;

    fn try_from(units: u32) -> Result<Self, InvalidQuantity> {
        Self::new(units)
    }
}

impl TryFrom<i64> for Quantity {
    type Error = InvalidQuantity;

    fn try_from(units: i64) -> Result<Self, InvalidQuantity> {
        u32::try_from(units).map_err(|_| InvalidQuantity).and_then(Self::new)
    }
}

impl From<Quantity> for u32 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

impl From<Quantity> for i64 {
    fn from(quantity: Quantity) -> Self {
        Self::from(quantity.0)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stops_at_its_bounds() {
        assert_eq!(Quantity::new(4_000_000_001), Err(InvalidQuantity));
        assert_eq!(Quantity::MAX.plus(Quantity::ONE), Err(InvalidQuantity));
        assert_eq!(Quantity::ZERO.minus(Quantity::ONE), Err(InvalidQuantity));
        assert_eq!(Quantity::MAX.plus(Quantity::MAX), Err(InvalidQuantity));
    }

    proptest! {
        #[test]
        fn moving_never_wraps(start in 0_u32..=4_000_000_000, delta in any::<i64>()) {
            let exact = i128::from(start) + i128::from(delta);
            let moved = Quantity::new(start).unwrap().moved_by(delta);
            if (0..=4_000_000_000).contains(&exact) {
                prop_assert_eq!(moved.map(|units| i128::from(units.get())), Ok(exact));
            } else {
                prop_assert_eq!(moved, Err(InvalidQuantity));
            }
        }
    }
}
