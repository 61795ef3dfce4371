//! Why something is refunded.

use std::fmt;
use std::str::FromStr;

/// Why something is refunded: 1 to 500 characters, trimmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundReason(String);

/// The text is too long, empty, or holds control characters other than line breaks and tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 500 characters, without control characters other than line breaks and tabs")]
pub struct InvalidReason;

impl RefundReason {
    /// Why what is left of a cancelled payment is refunded.
    #[must_use]
    pub fn payment_cancelled() -> Self {
        Self("payment cancelled".to_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RefundReason {
    type Err = InvalidReason;

    fn from_str(text: &str) -> Result<Self, InvalidReason> {
        let text = text.trim();
        let stray = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if (1..=500).contains(&text.chars().count()) && !text.chars().any(stray) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidReason)
        }
    }
}

impl fmt::Display for RefundReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_texts_out_of_bounds() {
        assert_eq!(
            " 색이 달라요\n교환 말고 환불 ".parse::<RefundReason>().unwrap().as_str(),
            "색이 달라요\n교환 말고 환불"
        );
        assert!("가".repeat(500).parse::<RefundReason>().is_ok());
        for bad in ["", " \n ", "a\u{0}", &"가".repeat(501)] {
            assert_eq!(bad.parse::<RefundReason>(), Err(InvalidReason), "{bad:?}");
        }
        let own = RefundReason::payment_cancelled();
        assert_eq!(own.as_str().parse(), Ok(own));
    }
}
