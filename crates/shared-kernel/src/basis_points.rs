//! Percentages without fractions.

/// A rate in hundredths of a percent, 0 to 10,000 (100 %).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(into = "u32", try_from = "u32")
)]
pub struct BasisPoints(u32);

/// The rate is above 100 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rate is 0 to {} basis points", BasisPoints::WHOLE.0)]
pub struct InvalidBasisPoints;

impl BasisPoints {
    /// 100 %.
    pub const WHOLE: Self = Self(10_000);

    /// A rate of `points` hundredths of a percent.
    pub const fn new(points: u32) -> Result<Self, InvalidBasisPoints> {
        if points <= Self::WHOLE.0 { Ok(Self(points)) } else { Err(InvalidBasisPoints) }
    }

    /// The rate in hundredths of a percent.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for BasisPoints {
    type Error = InvalidBasisPoints;

    fn try_from(points: u32) -> Result<Self, InvalidBasisPoints> {
        Self::new(points)
    }
}

impl From<BasisPoints> for u32 {
    fn from(rate: BasisPoints) -> Self {
        rate.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_more_than_the_whole() {
        assert_eq!(BasisPoints::new(10_000), Ok(BasisPoints::WHOLE));
        assert_eq!(BasisPoints::new(10_001), Err(InvalidBasisPoints));
    }
}
