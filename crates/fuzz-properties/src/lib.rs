//! What has to hold of everything that reads what strangers send, and of prices, whatever the bytes are.
//!
//! A property takes any bytes and panics if it does not hold for them. There is one definition of each, and two who call
//! it: a target in `fuzz/` with the bytes that a fuzzer makes up, and `tests/seeds.rs` with those that are kept in
//! `fuzz/seeds` (ADR-045). A property therefore has neither a clock nor a source of randomness; its keys are constants.
#![deny(missing_docs)]
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a property that does not hold panics: that is what a fuzzer looks for"
)]

mod cursor;
mod idempotency_key;
mod money;
mod prices;
mod tokens;

pub use cursor::cursor;
pub use idempotency_key::idempotency_key;
pub use money::money;
pub use prices::prices;
pub use tokens::tokens;

/// What has to hold for these bytes.
pub type Property = fn(&[u8]);

/// Every property, by the name of its fuzz target and of its folder of seeds.
pub const ALL: [(&str, Property); 5] = [
    ("cursor", cursor),
    ("idempotency_key", idempotency_key),
    ("money", money),
    ("prices", prices),
    ("tokens", tokens),
];

/// The text with one of its characters replaced by another of base64url; which one, the seed says. Nothing if the text is
/// empty.
fn with_one_character_changed(text: &str, seed: usize) -> Option<String> {
    let at = seed.checked_rem(text.len())?;
    let mut changed = text.to_owned();
    let other = if text.get(at..=at)? == "A" { "B" } else { "A" };
    changed.replace_range(at..=at, other);
    Some(changed)
}
