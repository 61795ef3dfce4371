//! Access tokens: JWT with HS256 (RFC 7515, RFC 7519).
//!
//! A token is `header.claims.signature`, each part in base64url without padding:
//! - header: exactly `{"alg":"HS256","typ":"JWT","kid":"<id of the key>"}`;
//! - claims: `iss` ("jangteo"), `sub` (the user), `sid` (the log-in), `role`, `iat` and `exp`, both in whole seconds;
//! - signature: HMAC-SHA256 over the first two parts.
//!
//! # Why no library
//! `jsonwebtoken` 11 was tried. Its `rust_crypto` backend brings `rsa` (RUSTSEC-2023-0071) and three more curves, its
//! `aws_lc_rs` backend a build of C code. Without a backend it works, but then the signature is our own code anyway,
//! and has to be installed for the whole process, once: a library that others import would take that choice from
//! them. It also reads the header before it knows who wrote it, three times over (3–4 µs a token; here 0.8 µs).
//!
//! Here no header is read at all. A token has to begin with the very characters that we send for one of our keys, so
//! there is no algorithm to choose, no `crit` to heed and no key to be talked into. HMAC with its comparison, base64
//! and JSON are those of libraries.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::DateTime;
use hmac::Mac;
use jangteo_shared_kernel::{Cause, RefreshFamilyId, Timestamp, UserId};
use jangteo_user::{AccessClaims, AccessTokens, InvalidAccessToken, Role};
use serde::{Deserialize, Serialize};

use crate::mac::{HmacSha256, hmac_sha256};
use crate::{KeyRing, SecretKey};

const ISSUER: &str = "jangteo";

/// The longest text that is looked at. Our tokens have about 310 characters.
const MAX_TEXT: usize = 1024;

/// Signs and verifies access tokens with HS256 (ADR-029).
///
/// It signs with the current key and verifies with the one that the token names. Instants are kept in whole seconds,
/// rounded down: a token never lives longer than its claims said, and a lifetime of whole seconds stays the same.
/// There is no leeway: the token is worthless at the instant of its expiry.
pub struct Hs256Tokens {
    current: Key,
    older: Vec<Key>,
}

struct Key {
    /// What each token of this key begins with: the header as it is sent, and the dot.
    prefix: String,
    mac: HmacSha256,
}

#[derive(Serialize, Deserialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: UserId,
    sid: RefreshFamilyId,
    role: Role,
    iat: i64,
    exp: i64,
}

impl Key {
    fn new(id: u32, key: &SecretKey) -> Self {
        let header = format!(r#"{{"alg":"HS256","typ":"JWT","kid":"{id}"}}"#);
        Self { prefix: BASE64_URL_SAFE_NO_PAD.encode(header) + ".", mac: hmac_sha256(key) }
    }
}

impl Hs256Tokens {
    /// Signs with the current key of the ring and verifies with all.
    #[must_use]
    pub fn new(keys: &KeyRing) -> Self {
        let (id, key) = keys.current();
        Self { current: Key::new(id, key), older: keys.older().map(|(id, key)| Key::new(id, key)).collect() }
    }

    fn read(&self, token: &str, now: Timestamp) -> Option<AccessClaims> {
        if token.len() > MAX_TEXT {
            return None;
        }
        let (message, signature) = token.rsplit_once('.')?;
        let (key, claims) = std::iter::once(&self.current)
            .chain(&self.older)
            .find_map(|key| Some((key, message.strip_prefix(&key.prefix)?)))?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        key.mac.clone().chain_update(message).verify_slice(&signature).ok()?;

        // From here on these are our own words.
        let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?;
        let claims: Claims<'_> = serde_json::from_slice(&claims).ok()?;
        let issued_at = DateTime::from_timestamp_secs(claims.iat)?;
        let expires_at = DateTime::from_timestamp_secs(claims.exp)?;
        let holds = claims.iss == ISSUER && now < expires_at;
        holds.then_some(AccessClaims {
            user: claims.sub,
            family: claims.sid,
            role: claims.role,
            issued_at,
            expires_at,
        })
    }
}

impl AccessTokens for Hs256Tokens {
    fn sign(&self, claims: &AccessClaims) -> Result<String, Cause> {
        let claims = serde_json::to_vec(&Claims {
            iss: ISSUER,
            sub: claims.user,
            sid: claims.family,
            role: claims.role,
            iat: claims.issued_at.timestamp(),
            exp: claims.expires_at.timestamp(),
        })?;
        let mut token = self.current.prefix.clone();
        BASE64_URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = self.current.mac.clone().chain_update(&token).finalize().into_bytes();
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, InvalidAccessToken> {
        self.read(token, now).ok_or(InvalidAccessToken)
    }
}

impl fmt::Debug for Hs256Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hs256Tokens(…)")
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    /// What Python's hmac and base64 make of the claims below with key 1.
    const SIGNED_ELSEWHERE: &str = concat!(
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6IjEifQ.",
        "eyJpc3MiOiJqYW5ndGVvIiwic3ViIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwic2lkIjoiMDE5MDAwMDAtMDAw",
        "MC03MDAwLTgwMDAtMDAwMDAwMDAwMDAyIiwicm9sZSI6IkFETUlOIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDA5MDB9.",
        "Lp2c5ywkiyQnurfr8lZPZOmesMYkgQi5MjQByERLfHw"
    );

    fn tokens(current: u32, ids: &[u8]) -> Hs256Tokens {
        let keys = ids.iter().map(|&id| (u32::from(id), SecretKey::new([id; 32])));
        Hs256Tokens::new(&KeyRing::new(current, keys).unwrap())
    }

    fn at(seconds: i64) -> Timestamp {
        DateTime::from_timestamp_secs(seconds).unwrap()
    }

    fn claims() -> AccessClaims {
        AccessClaims {
            user: "01900000-0000-7000-8000-000000000001".parse().unwrap(),
            family: "01900000-0000-7000-8000-000000000002".parse().unwrap(),
            role: Role::Admin,
            issued_at: at(1_700_000_000),
            expires_at: at(1_700_000_900),
        }
    }

    fn now() -> Timestamp {
        at(1_700_000_450)
    }

    /// A token of key 1 with any header and claims. With key 1 it is signed rightly.
    fn forge(header: &str, claims: &str) -> String {
        let message =
            format!("{}.{}", BASE64_URL_SAFE_NO_PAD.encode(header), BASE64_URL_SAFE_NO_PAD.encode(claims));
        let signature = hmac_sha256(&SecretKey::new([1; 32])).chain_update(&message).finalize().into_bytes();
        format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    const HEADER: &str = r#"{"alg":"HS256","typ":"JWT","kid":"1"}"#;

    fn claims_json(exp: &str) -> String {
        format!(
            r#"{{"iss":"jangteo","sub":"{}","sid":"{}","role":"ADMIN","iat":1700000000,"exp":{exp}}}"#,
            claims().user,
            claims().family
        )
    }

    fn refused(token: &str) -> bool {
        tokens(1, &[1]).verify(token, now()).is_err()
    }

    #[test]
    fn is_the_jwt_that_others_would_make() {
        assert_eq!(tokens(1, &[1]).sign(&claims()).unwrap(), SIGNED_ELSEWHERE);
        assert_eq!(tokens(1, &[1]).verify(SIGNED_ELSEWHERE, now()), Ok(claims()));
    }

    #[test]
    fn holds_until_just_before_the_instant_of_its_expiry() {
        let tokens = tokens(1, &[1]);
        let token = tokens.sign(&claims()).unwrap();
        let end = claims().expires_at;
        assert_eq!(tokens.verify(&token, end - TimeDelta::milliseconds(1)), Ok(claims()));
        assert_eq!(tokens.verify(&token, end), Err(InvalidAccessToken));
        assert_eq!(tokens.verify(&token, end + TimeDelta::days(1)), Err(InvalidAccessToken));
    }

    #[test]
    fn never_lives_longer_than_its_claims_said() {
        let tokens = tokens(1, &[1]);
        let part = TimeDelta::milliseconds(999);
        let (issued_at, expires_at) = (claims().issued_at + part, claims().expires_at + part);
        let token = tokens.sign(&AccessClaims { issued_at, expires_at, ..claims() }).unwrap();
        assert_eq!(tokens.verify(&token, now()), Ok(claims()));
        assert_eq!(tokens.verify(&token, expires_at - part), Err(InvalidAccessToken));
    }

    #[test]
    fn a_token_of_an_older_key_verifies_until_that_key_is_gone() {
        let old = tokens(1, &[1]).sign(&claims()).unwrap();
        let new = tokens(2, &[1, 2]).sign(&claims()).unwrap();
        assert_ne!(old, new);
        assert_eq!(tokens(2, &[1, 2]).verify(&old, now()), Ok(claims()));
        assert_eq!(tokens(2, &[1, 2]).verify(&new, now()), Ok(claims()));
        assert_eq!(tokens(2, &[2]).verify(&old, now()), Err(InvalidAccessToken));
        assert_eq!(tokens(1, &[1]).verify(&new, now()), Err(InvalidAccessToken), "unknown kid");
    }

    #[test]
    fn refuses_a_token_of_another_secret_under_a_known_kid() {
        let theirs = Hs256Tokens::new(&KeyRing::new(1, [(1, SecretKey::new([0xEE; 32]))]).unwrap());
        assert!(refused(&theirs.sign(&claims()).unwrap()));
    }

    #[test]
    fn refuses_every_header_but_its_own_even_if_signed_with_its_key() {
        let good = claims_json("1700000900");
        assert!(!refused(&forge(HEADER, &good)), "the forge works");
        for header in [
            r#"{"alg":"none","typ":"JWT","kid":"1"}"#,
            r#"{"alg":"None","typ":"JWT","kid":"1"}"#,
            r#"{"alg":"HS384","typ":"JWT","kid":"1"}"#,
            r#"{"alg":"HS512","typ":"JWT","kid":"1"}"#,
            r#"{"alg":"RS256","typ":"JWT","kid":"1"}"#,
            r#"{"alg":"ES256","typ":"JWT","kid":"1"}"#,
            r#"{"alg":"hs256","typ":"JWT","kid":"1"}"#,
            r#"{"typ":"JWT","kid":"1"}"#,
            r#"{"alg":"HS256","typ":"JWT"}"#,
            r#"{"alg":"HS256","typ":"JWT","kid":"2"}"#,
            r#"{"alg":"HS256","typ":"JWT","kid":"../1"}"#,
            r#"{"alg":"HS256","typ":"JWT","kid":1}"#,
            r#"{"alg":"HS256","alg":"none","typ":"JWT","kid":"1"}"#,
            r#"{"alg":"HS256","typ":"JWT","kid":"1","crit":["exp"]}"#,
            r#"{"alg":"HS256","typ":"JWT","kid":"1","jwk":{"kty":"oct","k":"AA"}}"#,
            r#"{"kid":"1","alg":"HS256","typ":"JWT"}"#,
            "{}",
            "",
        ] {
            assert!(refused(&forge(header, &good)), "{header}");
        }
    }

    #[test]
    fn refuses_a_token_without_a_signature() {
        let none = r#"{"alg":"none","typ":"JWT","kid":"1"}"#;
        for header in [none, HEADER] {
            let token = forge(header, &claims_json("1700000900"));
            let (message, _) = token.rsplit_once('.').unwrap();
            assert!(refused(&format!("{message}.")), "{header}");
            assert!(refused(message), "{header}");
        }
    }

    #[test]
    fn refuses_a_part_of_the_signature() {
        let (message, signature) = SIGNED_ELSEWHERE.rsplit_once('.').unwrap();
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        for length in 0..signature.len() {
            let left = BASE64_URL_SAFE_NO_PAD.encode(&signature[..length]);
            let right = BASE64_URL_SAFE_NO_PAD.encode(&signature[signature.len() - length..]);
            assert!(refused(&format!("{message}.{left}")), "the first {length} bytes");
            assert!(refused(&format!("{message}.{right}")), "the last {length} bytes");
        }
    }

    #[test]
    fn ignores_claims_that_a_later_version_may_add_up_to_the_longest_token() {
        let with = |more: usize| {
            claims_json("1700000900").replace('{', &format!(r#"{{"more":"{}","#, "A".repeat(more)))
        };
        assert_eq!(tokens(1, &[1]).verify(&forge(HEADER, &with(1)), now()), Ok(claims()));
        let long = forge(HEADER, &with(MAX_TEXT));
        assert!(refused(&long));
    }

    #[test]
    fn refuses_claims_that_are_not_its_own() {
        let good = claims_json("1700000900");
        for bad in [
            good.replace("jangteo", "elsewhere"),
            good.replace(r#""iss":"jangteo","#, ""),
            good.replace("ADMIN", "ROOT"),
            good.replace("ADMIN", "admin"),
            good.replace(r#","exp":1700000900"#, ""),
            good.replace(r#"0001""#, r#"000""#),
            good.replace(r#""role""#, r#""role":"CUSTOMER","role""#),
            claims_json("null"),
            claims_json(r#""1700000900""#),
            claims_json("1700000900.5"),
            claims_json("1e300"),
            claims_json("-1"),
            claims_json(&i64::MAX.to_string()),
            claims_json(&i64::MIN.to_string()),
            format!("[{good}]"),
            format!("{good}{good}"),
            String::new(),
        ] {
            assert!(refused(&forge(HEADER, &bad)), "{bad}");
        }
    }

    #[test]
    fn refuses_what_is_no_token() {
        for bad in ["", ".", "..", "...", "a.b.c", "Bearer x", "한.글.은", &format!("{SIGNED_ELSEWHERE}=")]
        {
            assert!(refused(bad), "{bad}");
        }
        for (part, _) in SIGNED_ELSEWHERE.match_indices('.') {
            assert!(refused(&SIGNED_ELSEWHERE[..part]));
            assert!(refused(&format!("{}.{}", &SIGNED_ELSEWHERE[..part], &SIGNED_ELSEWHERE[part..])));
        }
    }

    #[test]
    fn no_character_can_be_changed_added_or_left_out() {
        // The last character carries bits that decode to nothing: they too must be as signed.
        for at in 0..SIGNED_ELSEWHERE.len() {
            for to in "AQgw4-_.=".chars() {
                let mut changed = SIGNED_ELSEWHERE.to_owned();
                changed.replace_range(at..=at, &to.to_string());
                assert!(changed == SIGNED_ELSEWHERE || refused(&changed), "{to} at {at}");
            }
            let mut shorter = SIGNED_ELSEWHERE.to_owned();
            let taken = shorter.remove(at);
            assert!(refused(&shorter), "without {at}");
            let mut longer = SIGNED_ELSEWHERE.to_owned();
            longer.insert(at, taken);
            assert!(refused(&longer), "{at} twice");
        }
    }

    #[test]
    fn debug_output_shows_no_key() {
        assert_eq!(format!("{:?}", tokens(1, &[1])), "Hs256Tokens(…)");
    }

    proptest! {
        #[test]
        fn every_claim_comes_back(
            user: u128, family: u128, admin: bool, issued in 0_i64..253_402_300_000, lives in 1_i64..1_000_000,
        ) {
            let claims = AccessClaims {
                user: UserId::from_uuid(Uuid::from_u128(user)),
                family: RefreshFamilyId::from_uuid(Uuid::from_u128(family)),
                role: if admin { Role::Admin } else { Role::Customer },
                issued_at: at(issued),
                expires_at: at(issued + lives),
            };
            let tokens = tokens(7, &[7]);
            let token = tokens.sign(&claims).unwrap();
            prop_assert!(token.len() < MAX_TEXT / 2);
            prop_assert_eq!(tokens.verify(&token, claims.issued_at), Ok(claims));
        }

        #[test]
        fn no_text_panics_or_verifies(text in "\\PC*|[A-Za-z0-9_-]*\\.[A-Za-z0-9_-]*\\.[A-Za-z0-9_-]*") {
            prop_assert!(refused(&text));
        }
    }
}
