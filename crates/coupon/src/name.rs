//! What a campaign is called.

use std::fmt;
use std::str::FromStr;

/// A campaign's name: 1 to 200 characters, trimmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignName(String);

/// The text is too long, empty, or holds control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 200 characters, none of them a control character")]
pub struct InvalidCampaignName;

impl CampaignName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CampaignName {
    type Err = InvalidCampaignName;

    fn from_str(text: &str) -> Result<Self, InvalidCampaignName> {
        let name = text.trim();
        if (1..=200).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
            Ok(Self(name.to_owned()))
        } else {
            Err(InvalidCampaignName)
        }
    }
}

impl fmt::Display for CampaignName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_names_out_of_bounds() {
        assert_eq!("  첫 구매 쿠폰 ".parse::<CampaignName>().unwrap().as_str(), "첫 구매 쿠폰");
        assert!("가".repeat(200).parse::<CampaignName>().is_ok());
        for bad in ["", " \t ", "a\u{7}b", &"가".repeat(201)] {
            assert_eq!(bad.parse::<CampaignName>(), Err(InvalidCampaignName), "{bad:?}");
        }
    }
}
