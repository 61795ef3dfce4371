//! Personal data, checked once and then carried by type.

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroize;

/// Which field of an account does not hold what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUserField {
    /// Not an e-mail address of at most 254 characters.
    #[error("must be an e-mail address of at most 254 characters")]
    Email,
    /// Not 1 to 200 visible characters.
    #[error("must be 1 to 200 characters, none of them a control character")]
    Name,
    /// Not a phone number.
    #[error("must be a phone number of 5 to 20 digits, with optional +, spaces, dots, hyphens and brackets")]
    Phone,
    /// Not 10 to 128 characters.
    #[error("must be 10 to 128 characters")]
    Password,
}

/// An e-mail address, trimmed and lower-cased, so that equal addresses are equal values.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

/// A person's name of 1 to 200 characters, trimmed.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName(String);

/// A phone number as the person wrote it, trimmed.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber(String);

impl FromStr for Email {
    type Err = InvalidUserField;

    fn from_str(text: &str) -> Result<Self, InvalidUserField> {
        let address = text.trim().to_lowercase();
        let (local, domain) = address.rsplit_once('@').ok_or(InvalidUserField::Email)?;
        let local_holds = (1..=64).contains(&local.len())
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c));
        let label_holds = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        };
        let domain_holds = domain.contains('.') && domain.split('.').all(label_holds);
        if local_holds && domain_holds && address.len() <= 254 {
            Ok(Self(address))
        } else {
            Err(InvalidUserField::Email)
        }
    }
}

impl FromStr for PersonName {
    type Err = InvalidUserField;

    fn from_str(text: &str) -> Result<Self, InvalidUserField> {
        let name = text.trim();
        if (1..=200).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
            Ok(Self(name.to_owned()))
        } else {
            Err(InvalidUserField::Name)
        }
    }
}

impl FromStr for PhoneNumber {
    type Err = InvalidUserField;

    fn from_str(text: &str) -> Result<Self, InvalidUserField> {
        let number = text.trim();
        let digits = number.chars().filter(char::is_ascii_digit).count();
        let rest = number.strip_prefix('+').unwrap_or(number);
        let shaped = rest.chars().all(|c| c.is_ascii_digit() || " .-()".contains(c));
        if shaped && (5..=20).contains(&digits) && number.len() <= 40 {
            Ok(Self(number.to_owned()))
        } else {
            Err(InvalidUserField::Phone)
        }
    }
}

impl Email {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PersonName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PhoneNumber {
    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(…)")
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(…)")
    }
}

impl Drop for Email {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Drop for PersonName {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Drop for PhoneNumber {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_is_one_address_however_it_is_written() {
        assert_eq!(" A@B.kr ".parse::<Email>(), "a@b.kr".parse());
        for good in ["a@b.kr", "first.last+tag@sub.example.com", "민지@예시.한국", "x_y@a-b.co"] {
            assert!(good.parse::<Email>().is_ok(), "{good}");
        }
    }

    #[test]
    fn refuses_what_is_no_address() {
        let long = format!("{}@example.com", "a".repeat(65));
        for bad in [
            "",
            "a",
            "@b.kr",
            "a@",
            "a@b",
            "a b@c.kr",
            ".a@b.kr",
            "a..b@c.kr",
            "a@-b.kr",
            "a@b..kr",
            "a@b\n.kr",
            &long,
        ] {
            assert_eq!(bad.parse::<Email>(), Err(InvalidUserField::Email), "{bad}");
        }
    }

    #[test]
    fn a_name_has_something_to_read() {
        assert_eq!(" 김민지 ".parse::<PersonName>().unwrap().as_str(), "김민지");
        assert!("가".repeat(200).parse::<PersonName>().is_ok());
        for bad in ["", "   ", "a\u{0}b", "a\nb", &"가".repeat(201)] {
            assert_eq!(bad.parse::<PersonName>(), Err(InvalidUserField::Name), "{bad:?}");
        }
    }

    #[test]
    fn a_phone_number_is_digits_and_the_marks_between_them() {
        for good in ["010-1234-5678", "+82 (10) 1234 5678", "15771577"] {
            assert!(good.parse::<PhoneNumber>().is_ok(), "{good}");
        }
        for bad in ["", "1234", "call me", "010/1234/5678", "1".repeat(21).as_str(), "8+210123456"] {
            assert_eq!(bad.parse::<PhoneNumber>(), Err(InvalidUserField::Phone), "{bad}");
        }
    }

    #[test]
    fn debug_output_tells_nothing() {
        let email: Email = "a@b.kr".parse().unwrap();
        let name: PersonName = "Minji".parse().unwrap();
        assert_eq!(format!("{email:?} {name:?}"), "Email(…) PersonName(…)");
    }

    proptest! {
        #[test]
        fn no_text_panics_and_reading_twice_changes_nothing(text in "\\PC*") {
            if let Ok(email) = text.parse::<Email>() {
                prop_assert_eq!(email.as_str().parse::<Email>(), Ok(email));
            }
            let _ = (text.parse::<PersonName>(), text.parse::<PhoneNumber>());
        }
    }
}
