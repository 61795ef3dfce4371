//! Idempotency keys.

use jangteo_application::{IdempotencyKey, InvalidIdempotencyKey};

/// What a client sends as a key: it is one exactly if it is 1 to 255 visible ASCII characters, and stays as it was sent.
pub fn idempotency_key(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let is_key = (1..=255).contains(&text.chars().count()) && text.chars().all(|c| ('!'..='~').contains(&c));
    match text.parse::<IdempotencyKey>() {
        Ok(key) => {
            assert!(is_key, "{text:?} is no key");
            assert_eq!(key.as_str(), text);
        }
        Err(refused) => {
            assert!(!is_key, "{text:?} is a key");
            assert_eq!(refused, InvalidIdempotencyKey);
            assert_eq!(refused.to_string(), "an idempotency key is 1 to 255 visible ASCII characters");
        }
    }
}
