//! Access tokens and refresh tokens.

use arbitrary::Unstructured;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jangteo_security::{Hs256Tokens, KeyRing, SecretKey, refresh_token_text};
use jangteo_shared_kernel::{RefreshFamilyId, Timestamp, UserId};
use jangteo_user::{AccessClaims, AccessTokens, InvalidAccessToken, Role};
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::Sha256;
use uuid::Uuid;

use crate::with_one_character_changed;

const KEY: [u8; 32] = [1; 32];

/// What a client sends as a token; or the claims of one that is rightly signed; or the ingredients of claims.
///
/// - A refresh token is exactly 64 characters of base64url, and has one text.
/// - Whatever verifies as an access token is what we would have signed.
/// - Rightly signed claims of any shape verify only if they say that they are ours and not over yet.
/// - What we sign verifies up to its expiry and says the same; with a character changed it never does.
pub fn tokens(data: &[u8]) {
    let keys = KeyRing::new(1, [(1, SecretKey::new(KEY))]).expect("a ring of one key");
    let tokens = Hs256Tokens::new(&keys);
    if let Ok(text) = str::from_utf8(data) {
        refresh(text);
        if let Ok(claims) = tokens.verify(text, DateTime::UNIX_EPOCH) {
            assert_eq!(tokens.sign(&claims).ok().as_deref(), Some(text), "an access token has two texts");
        }
    }
    rightly_signed(&tokens, data);
    signed_by_us(&tokens, &mut Unstructured::new(data));
}

fn refresh(text: &str) {
    let url = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let is_token = text.len() == 64 && text.chars().all(url);
    match refresh_token_text::decode(text) {
        Some(token) => {
            assert!(is_token, "{text:?} is no refresh token");
            assert_eq!(refresh_token_text::encode(&token), text, "a refresh token has two texts");
        }
        None => assert!(!is_token, "{text:?} is a refresh token"),
    }
}

/// What claims say. Other claims are passed over, as they are in a token, and need not even be text.
#[derive(Deserialize)]
struct Said {
    iss: String,
    #[serde(rename = "sub")]
    _user: IgnoredAny,
    #[serde(rename = "sid")]
    _family: IgnoredAny,
    #[serde(rename = "role")]
    _role: IgnoredAny,
    iat: i64,
    exp: i64,
}

fn rightly_signed(tokens: &Hs256Tokens, claims: &[u8]) {
    let header = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT","kid":"1"}"#);
    let message = format!("{header}.{}", BASE64_URL_SAFE_NO_PAD.encode(claims));
    let mac = Hmac::<Sha256>::new_from_slice(&KEY).expect("HMAC takes a key of any length");
    let signature = mac.chain_update(&message).finalize().into_bytes();
    let token = format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature));
    match tokens.verify(&token, DateTime::UNIX_EPOCH) {
        Ok(read) => {
            let said: Said = serde_json::from_slice(claims).expect("what verifies can be read");
            assert_eq!(said.iss, "jangteo");
            assert_eq!((said.iat, said.exp), (read.issued_at.timestamp(), read.expires_at.timestamp()));
            assert!(read.expires_at > DateTime::UNIX_EPOCH);
        }
        Err(refused) => assert_eq!(refused.to_string(), "the access token is not valid"),
    }
}

fn signed_by_us(tokens: &Hs256Tokens, input: &mut Unstructured<'_>) {
    let Some((claims, now)) = claims(input) else { return };
    let token = tokens.sign(&claims).expect("claims can be written");
    let holds = now < claims.expires_at;
    let expected = if holds { Ok(claims) } else { Err(InvalidAccessToken) };
    assert_eq!(tokens.verify(&token, now), expected);
    let just_before = claims.expires_at - TimeDelta::milliseconds(1);
    assert_eq!(tokens.verify(&token, just_before), Ok(claims));
    assert_eq!(tokens.verify(&token, claims.expires_at), Err(InvalidAccessToken));
    let seed = input.arbitrary().unwrap_or_default();
    let changed = with_one_character_changed(&token, seed).expect("a token is not empty");
    assert_eq!(tokens.verify(&changed, just_before), Err(InvalidAccessToken), "{changed} is changed");
    // A signature is not moved to other claims.
    let cut = seed.checked_rem(token.len()).unwrap_or_default();
    assert_eq!(tokens.verify(&token[..cut], just_before), Err(InvalidAccessToken), "a part of it");
}

/// Claims and an instant, of any time that there is.
fn claims(input: &mut Unstructured<'_>) -> Option<(AccessClaims, Timestamp)> {
    let user = UserId::from_uuid(Uuid::from_u128(input.arbitrary().ok()?));
    let family = RefreshFamilyId::from_uuid(Uuid::from_u128(input.arbitrary().ok()?));
    let role = if input.arbitrary().ok()? { Role::Admin } else { Role::Customer };
    let mut instant = || {
        // Any of those that a timestamp can be, but for the first, which has nothing before it.
        let seconds = input.int_in_range(-8_334_601_228_799..=8_210_266_876_799).ok()?;
        DateTime::from_timestamp_secs(seconds)
    };
    let (issued_at, expires_at, now) = (instant()?, instant()?, instant()?);
    Some((AccessClaims { user, family, role, issued_at, expires_at }, now))
}
