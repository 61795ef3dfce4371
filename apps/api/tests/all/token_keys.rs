//! Keys of access tokens are replaced while log-ins go on (docs/keys.md), and nobody else's signature counts (ADR-029).

use std::fs;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use jangteo_security::{KeyFileLock, KeyRing, SecretKey, ServiceKeys, SystemEntropy};
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};

use crate::support::{Person, Server};

/// Replaces the keys of access tokens in the file of a server. Servers that start from now on have them.
fn replace(server: &Server, token: KeyRing) {
    let lock = KeyFileLock::take(&server.key_file()).unwrap();
    let keys = ServiceKeys { token, ..lock.load().unwrap() };
    lock.replace(&keys, &SystemEntropy).unwrap();
}

/// The key that a token says it was signed with.
fn kid(token: &str) -> String {
    let header = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(header["alg"], "HS256");
    header["kid"].as_str().unwrap().to_owned()
}

async fn is_let_in(person: &Person, server: &Server) {
    person.at(server).get("/users/me").await.is(200);
}

async fn is_kept_out(person: &Person, server: &Server) {
    person.at(server).get("/users/me").await.is_problem(401, "unauthenticated");
}

#[tokio::test]
async fn token_keys_are_replaced_step_by_step_and_no_log_in_ends() {
    let before = Server::start();
    let old = before.customer().await;
    assert_eq!(kid(&old.access_token), "1");
    let first = ServiceKeys::load(&before.key_file()).unwrap().token.current().1.clone();
    let second = SecretKey::generate(&SystemEntropy);
    let both = || [(1, first.clone()), (2, second.clone())];

    // Every instance gets the key before one of them signs with it.
    replace(&before, KeyRing::new(1, both()).unwrap());
    let knows_both = before.another();
    is_let_in(&old, &knows_both).await;
    assert_eq!(kid(&knows_both.log_in(&old.email).await.access_token), "1");

    replace(&before, KeyRing::new(2, both()).unwrap());
    let signs_anew = before.another();
    is_let_in(&old, &signs_anew).await;
    let new = signs_anew.log_in(&old.email).await;
    assert_eq!(kid(&new.access_token), "2");
    is_let_in(&new, &signs_anew).await;
    is_let_in(&new, &knows_both).await;
    // Whoever was left out in the first step does not know it.
    is_kept_out(&new, &before).await;

    replace(&before, KeyRing::new(2, [(2, second.clone())]).unwrap());
    let pruned = before.another();
    is_let_in(&new, &pruned).await;
    is_kept_out(&old, &pruned).await;
    // The log-in has not ended: its refresh token gives one of the new key.
    let shown = json!({ "refreshToken": old.refresh_token });
    let renewed = pruned.api().post("/auth/refresh", &shown).await.is(200);
    let renewed = renewed.body["accessToken"].as_str().unwrap();
    assert_eq!(kid(renewed), "2");
    pruned.api().with_token(renewed).get("/users/me").await.is(200);
}

/// What is signed, and the signature: by HMAC under this key.
fn signed(header: &str, claims: &str, key: &[u8]) -> String {
    let message = format!("{}.{claims}", BASE64_URL_SAFE_NO_PAD.encode(header));
    let hashed = |mac: &[u8]| format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac));
    match serde_json::from_str::<Value>(header).unwrap()["alg"].as_str() {
        Some("HS384") => hashed(&mac::<Hmac<Sha384>>(key, &message)),
        Some("HS512") => hashed(&mac::<Hmac<Sha512>>(key, &message)),
        Some("none" | "None" | "NONE") => format!("{message}."),
        _ => hashed(&mac::<Hmac<Sha256>>(key, &message)),
    }
}

fn mac<M: Mac + KeyInit>(key: &[u8], message: &str) -> Vec<u8> {
    M::new_from_slice(key).unwrap().chain_update(message).finalize().into_bytes().to_vec()
}

/// What the shop puts before its tokens.
const OURS: &str = r#"{"alg":"HS256","typ":"JWT","kid":"1"}"#;

/// The shop has no public key, so there is none to be confused with; what is public and what is guessed is tried instead.
#[tokio::test]
async fn only_the_shops_own_header_under_its_own_key_is_a_token() {
    let server = Server::start();
    let (admin, ring) = (server.admin().await, fs::read(server.key_file()).unwrap());
    let ring: Value = serde_json::from_slice(&ring).unwrap();
    let real = BASE64_STANDARD.decode(ring["token"]["keys"][0]["key"].as_str().unwrap()).unwrap();
    let claims = admin.access_token.split('.').nth(1).unwrap();
    let api = server.api();
    // Whoever has the key can sign; that is what makes the others mean something.
    assert_eq!(signed(OURS, claims, &real), admin.access_token);

    let mut forged = Vec::new();
    for header in [
        r#"{"alg":"none","typ":"JWT","kid":"1"}"#,
        r#"{"alg":"None","typ":"JWT"}"#,
        r#"{"alg":"NONE"}"#,
        r#"{"alg":"HS384","typ":"JWT","kid":"1"}"#,
        r#"{"alg":"HS512","typ":"JWT","kid":"1"}"#,
        r#"{"alg":"RS256","typ":"JWT","kid":"1"}"#,
        r#"{"alg":"PS256","typ":"JWT","kid":"1"}"#,
        r#"{"alg":"ES256","typ":"JWT","kid":"1"}"#,
        r#"{"alg":"EdDSA","typ":"JWT","kid":"1"}"#,
        r#"{"typ":"JWT","kid":"1"}"#,
        r#"{"alg":"HS256","typ":"JWT"}"#,
        r#"{"alg":"HS256","typ":"JWT","kid":"2"}"#,
        r#"{"alg":"HS256","typ":"JWT","kid":"../keys/keys.json"}"#,
        r#"{"alg":"HS256","typ":"JWT","kid":"1","jku":"https://example.com/keys"}"#,
        r#"{"alg":"HS256","typ":"JWT","kid":"1","jwk":{"kty":"oct","k":""}}"#,
    ] {
        forged.push((header, signed(header, claims, &real)));
    }
    let document = api.get("//openapi.json").await.is(200).text;
    for guessed in ["", "1", "jangteo", "secret", &document] {
        forged.push(("a key that is no secret", signed(OURS, claims, guessed.as_bytes())));
    }
    for (by, token) in forged {
        for path in ["/users/me", "/admin/users"] {
            let reply = api.with_token(&token).get(path).await;
            assert_eq!((reply.status, &reply.body["code"]), (401, &json!("unauthenticated")), "{by}: {path}");
        }
    }
    admin.get("/admin/users").await.is(200);
}
