//! `jangteo backup`.

use std::path::Path;

use jangteo_security::{SystemClock, SystemEntropy};
use jangteo_shared_kernel::Timestamp;
use jangteo_storage_sea_orm::{BackUp, Checked};

use super::{DONE, say};
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
    say(format!("Backed up to {}: {bytes} bytes, as of {}.", file.display(), instant(as_of)))?;
    say(adds_up(&checked))?;
    say(format!(
        "The keys are not in it. They are in {}: keep a copy of them elsewhere.",
        place_of(&settings.keys)
    ))?;
    Ok(DONE)
}

/// An instant as the API writes it.
pub(super) fn instant(instant: Timestamp) -> String {
    instant.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// What was found out about a copy that is as it should be.
pub(super) fn adds_up(checked: &Checked) -> String {
    let holds = format!("Everything adds up: all {} rules hold.", checked.report.checks.len());
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
