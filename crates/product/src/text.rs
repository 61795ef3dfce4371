//! The words of the catalogue.

use std::fmt;
use std::str::FromStr;

use unicode_normalization::UnicodeNormalization;

/// A text of the catalogue is too long, empty where it must not be, or holds control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProductText {
    /// Not a name.
    #[error("must be 1 to 200 characters, none of them a control character")]
    Name,
    /// Not a description.
    #[error("must be at most 10,000 characters, without control characters other than line breaks and tabs")]
    Description,
    /// Not a reason.
    #[error("must be 1 to 500 characters, none of them a control character")]
    Reason,
}

/// A product's name: 1 to 200 characters, trimmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductName(String);

/// A product's description: up to 10,000 characters, possibly none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description(String);

/// Why stock was adjusted: 1 to 500 characters, trimmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustmentReason(String);

/// A name as it is searched and sorted by: composed (NFC) and lower-cased, so that 한글 from any keyboard and
/// `Mug` and `mug` are found alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NameKey(String);

fn line(text: &str, most: usize) -> Option<String> {
    let text = text.trim();
    let holds = (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    holds.then(|| text.to_owned())
}

impl FromStr for ProductName {
    type Err = InvalidProductText;

    fn from_str(text: &str) -> Result<Self, InvalidProductText> {
        line(text, 200).map(Self).ok_or(InvalidProductText::Name)
    }
}

impl FromStr for Description {
    type Err = InvalidProductText;

    fn from_str(text: &str) -> Result<Self, InvalidProductText> {
        let stray = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if text.chars().count() <= 10_000 && !text.chars().any(stray) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidProductText::Description)
        }
    }
}

impl FromStr for AdjustmentReason {
    type Err = InvalidProductText;

    fn from_str(text: &str) -> Result<Self, InvalidProductText> {
        line(text, 500).map(Self).ok_or(InvalidProductText::Reason)
    }
}

impl AdjustmentReason {
    /// Why a new product starts with the stock that it has.
    #[must_use]
    pub fn initial_stock() -> Self {
        Self("initial stock".to_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ProductName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it is searched and sorted by.
    #[must_use]
    pub fn key(&self) -> NameKey {
        NameKey::of(&self.0)
    }
}

impl Description {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl NameKey {
    /// The key of a name, or of the beginning of one.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(text.trim().nfc().flat_map(char::to_lowercase).nfc().collect())
    }

    /// A key as a storage kept it.
    #[must_use]
    pub fn stored(key: String) -> Self {
        Self(key)
    }

    /// The key, compared byte by byte.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProductName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn finds_a_name_from_any_keyboard() {
        let decomposed = "\u{1106}\u{1165}\u{1100}\u{1173} Mug";
        assert_eq!(NameKey::of(decomposed), NameKey::of("머그 MUG"));
        assert_eq!(NameKey::of("  Straße "), NameKey::of("straße"));
    }

    #[test]
    fn refuses_texts_out_of_bounds() {
        for bad in ["", " \t ", "a\u{7}b", &"가".repeat(201)] {
            assert_eq!(bad.parse::<ProductName>(), Err(InvalidProductText::Name), "{bad:?}");
        }
        assert!("line one\nline two".parse::<Description>().is_ok());
        assert_eq!("a\u{0}".parse::<Description>(), Err(InvalidProductText::Description));
        assert_eq!("".parse::<AdjustmentReason>(), Err(InvalidProductText::Reason));
    }

    proptest! {
        #[test]
        fn a_key_of_a_key_is_the_key(text in "\\PC{0,40}") {
            let key = NameKey::of(&text);
            prop_assert_eq!(NameKey::of(key.as_str()), key);
        }
    }
}
