//! Passwords and their hashes.

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroize;

use crate::InvalidUserField;

/// A password that somebody chose: 10 to 128 characters. Wiped from memory when dropped.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// The characters, for a [`crate::PasswordHasher`] only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What somebody claims to be their password at a log-in. It may have any length up to 1,024 bytes: rules
    /// for new passwords do not apply, and a longer one is simply wrong.
    #[must_use]
    pub fn claimed(text: &str) -> Option<Self> {
        (text.len() <= 1024).then(|| Self(text.to_owned()))
    }
}

impl FromStr for Password {
    type Err = InvalidUserField;

    fn from_str(text: &str) -> Result<Self, InvalidUserField> {
        if (10..=128).contains(&text.chars().count()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidUserField::Password)
        }
    }
}

impl Drop for Password {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A password hash in PHC string form, which names its algorithm, parameters and salt.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A hash as a [`crate::PasswordHasher`] made it.
    #[must_use]
    pub fn new(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_characters_not_bytes() {
        assert!("비밀번호는열글자이상".parse::<Password>().is_ok());
        assert!("short".parse::<Password>().is_err());
        assert!("가".repeat(128).parse::<Password>().is_ok());
        assert!("가".repeat(129).parse::<Password>().is_err());
        assert_eq!(format!("{:?}", "0123456789".parse::<Password>().unwrap()), "Password(…)");
    }
}
