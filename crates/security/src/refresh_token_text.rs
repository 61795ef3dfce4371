//! The text form of a [`RefreshToken`], which only this service reads: base64url, without padding, of the family's
//! id (16 bytes) and the secret (32 bytes). Always 64 characters.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jangteo_shared_kernel::RefreshFamilyId;
use jangteo_user::{RefreshSecret, RefreshToken};
use uuid::Uuid;
use zeroize::Zeroizing;

const LENGTH: usize = 64;

/// The text of a token, for the answer to the client.
#[must_use]
pub fn encode(token: &RefreshToken) -> String {
    let mut bytes = Zeroizing::new([0; 48]);
    bytes[..16].copy_from_slice(token.family.as_uuid().as_bytes());
    bytes[16..].copy_from_slice(token.secret.expose());
    BASE64_URL_SAFE_NO_PAD.encode(bytes.as_slice())
}

/// The token of a text that [`encode`] could have made. Each token has exactly one text.
#[must_use]
pub fn decode(text: &str) -> Option<RefreshToken> {
    if text.len() != LENGTH {
        return None;
    }
    let bytes = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?);
    let (family, secret) = bytes.split_first_chunk::<16>()?;
    Some(RefreshToken {
        family: RefreshFamilyId::from_uuid(Uuid::from_bytes(*family)),
        secret: RefreshSecret::new(secret.try_into().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token() -> RefreshToken {
        RefreshToken {
            family: "01900000-0000-7000-8000-000000000001".parse().unwrap(),
            secret: RefreshSecret::new([0xFF; 32]),
        }
    }

    #[test]
    fn is_the_family_and_the_secret_in_64_characters() {
        let text = encode(&token());
        assert_eq!(text, format!("AZAAAAAAcACAAAAAAAAAAf{}", "_".repeat(42)));
        assert_eq!(decode(&text), Some(token()));
    }

    #[test]
    fn refuses_every_other_text() {
        let text = encode(&token());
        let with_plus = text.replace('_', "/");
        for bad in [
            "",
            "a",
            &text[1..],
            &format!("{text}A"),
            &format!("{text}="),
            &format!(" {}", &text[1..]),
            &with_plus,
        ] {
            assert_eq!(decode(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn every_token_has_one_text(family: u128, secret: [u8; 32]) {
            let token = RefreshToken {
                family: RefreshFamilyId::from_uuid(Uuid::from_u128(family)),
                secret: RefreshSecret::new(secret),
            };
            prop_assert_eq!(decode(&encode(&token)), Some(token));
        }

        #[test]
        fn what_decodes_is_what_was_encoded(text in "[A-Za-z0-9_-]{64}|\\PC{0,80}") {
            if let Some(token) = decode(&text) {
                prop_assert_eq!(encode(&token), text);
            }
        }
    }
}
