//! `jangteo backup`.

use std::path::Path;

use jangteo_security::{SystemClock, SystemEntropy};
use jangteo_storage_sea_orm::{BackUp, Checked};

use super::audit::adds_up;
use super::{DONE, say};
use crate::body::values::Instant;
use crate::config::{KeySource, Settings};
use crate::keys::passing_cipher;
use crate::storage;

pub(super) async fn run(settings: &Settings, to: &Path) -> anyhow::Result<u8> {
    storage::embedded(settings)?;
    anyhow::ensure!(!storage::is_missing(settings), "the database does not exist yet; run: jangteo migrate");
    // What is sealed is copied as it is, so passing keys do.
    let storage = storage::open(settings, passing_cipher(), None).await?;
    let made = storage.back_up(to, &SystemClock, &SystemEntropy).await;
    // Also if nothing was made: what is open last tidies up.
    storage.close().await?;
    let BackUp { file, bytes, as_of, checked, .. } = made?;
    say(format!("Backed up to {}: {bytes} bytes, as of {}.", file.display(), Instant(as_of)))?;
    say(found_right(&checked))?;
    say(format!(
        "The keys are not in it. They are in {}: keep a copy of them elsewhere.",
        place_of(&settings.keys)
    ))?;
    Ok(DONE)
}

/// What was found out about a copy that is as it should be.
pub(super) fn found_right(checked: &Checked) -> String {
    let holds = adds_up(&checked.report);
    if checked.pending.is_empty() {
        return holds;
    }
    let missing = checked.pending.join(", ");
    format!(
        "{holds}\nIts schema is older than this binary, by {missing}: the server brings it up to date as it starts."
    )
}

/// Where keys are.
pub(super) fn place_of(keys: &KeySource) -> String {
    match keys.file() {
        Some(file) => file.display().to_string(),
        None => "keys.ring".to_owned(),
    }
}
