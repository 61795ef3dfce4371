//! Cursors, and the positions in them.

use std::fmt::Debug;

use jangteo_coupon::{CampaignPosition, IssuedCouponPosition};
use jangteo_order::OrderPosition;
use jangteo_point::PointPosition;
use jangteo_product::ProductPosition;
use jangteo_refund::RefundPosition;
use jangteo_security::{CursorSeal, SecretKey};
use jangteo_user::UserPosition;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::with_one_character_changed;

/// A line that names a list, and then what a client sends as a cursor, or what is in one.
///
/// - Whatever opens is exactly what would be sealed: no cursor has two texts.
/// - What is sealed opens again, unless it is too long; not for another list, and not with a character changed.
/// - Whatever is read as a position is written as one that reads the same.
pub fn cursor(data: &[u8]) {
    let seal = CursorSeal::new(&SecretKey::new([1; 32]));
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let scope = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let rest = parts.next().unwrap_or_default();

    if let Ok(text) = str::from_utf8(rest)
        && let Some(payload) = seal.open(&scope, text)
    {
        assert_eq!(seal.seal(&scope, &payload), text, "a cursor has two texts");
    }

    let sealed = seal.seal(&scope, rest);
    let fits = rest.len() <= CursorSeal::MAX_PAYLOAD;
    assert_eq!(seal.open(&scope, &sealed).as_deref(), fits.then_some(rest), "what was sealed");
    assert_eq!(seal.open(&format!("{scope}\n"), &sealed), None, "another list");
    let seed = rest.iter().map(|byte| usize::from(*byte)).sum();
    let changed = with_one_character_changed(&sealed, seed).expect("a cursor has a tag");
    assert_eq!(seal.open(&scope, &changed), None, "{changed} is changed");

    position::<CampaignPosition>(rest);
    position::<IssuedCouponPosition>(rest);
    position::<OrderPosition>(rest);
    position::<PointPosition>(rest);
    position::<ProductPosition>(rest);
    position::<RefundPosition>(rest);
    position::<UserPosition>(rest);
}

fn position<P: DeserializeOwned + Serialize + PartialEq + Debug>(payload: &[u8]) {
    if let Ok(position) = serde_json::from_slice::<P>(payload) {
        let written = serde_json::to_vec(&position).expect("a position can be written");
        let again = serde_json::from_slice::<P>(&written).expect("a written position can be read");
        assert_eq!(again, position, "a position changes on its way");
    }
}
