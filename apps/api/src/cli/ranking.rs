//! `jangteo ranking`.

use std::io::{self, Write as _};
use std::sync::Arc;

use anyhow::Context;
use chrono::{Days, NaiveDate, TimeDelta};
use jangteo_application::{Sources, rebuild_sales};
use jangteo_security::{SystemClock, SystemEntropy};

use super::{DONE, say};
use crate::config::Settings;
use crate::keys::passing_cipher;
use crate::storage;

/// How often a person hears how far it has come.
const TELL_EVERY: TimeDelta = TimeDelta::seconds(1);

pub(super) async fn rebuild(settings: &Settings, from: NaiveDate, until: NaiveDate) -> anyhow::Result<u8> {
    anyhow::ensure!(!storage::is_missing(settings), "the database does not exist yet; run: jangteo migrate");
    // Nothing that was sold is sealed, so passing keys do.
    let storage = storage::open(settings, passing_cipher(), None).await?;
    let pending = storage.pending_migrations().await?;
    anyhow::ensure!(pending.is_empty(), "the schema is not up to date; run: jangteo migrate");
    let sources = Sources::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
    // Nothing was sold on a day that has not begun.
    let tomorrow = settings.zone.day_of(sources.now()) + Days::new(1);
    let until = until.min(tomorrow);
    let days = (until - from).num_days().max(0);

    let (mut done, mut roll_ups, mut corrected) = (0, 0, 0);
    let mut told = sources.now();
    for day in from.iter_days().take_while(|day| *day < until) {
        let rebuilt = rebuild_sales(&storage, &sources, settings.zone, day).await;
        let rebuilt = rebuilt.with_context(|| format!("{day} could not be rebuilt"))?;
        done += 1;
        roll_ups += rebuilt.roll_ups;
        corrected += rebuilt.corrected;
        let now = sources.now();
        if now - told >= TELL_EVERY {
            writeln!(io::stderr(), "{done} of {days} days, up to {day}")?;
            told = now;
        }
    }
    storage.close().await?;
    say(format!("Rebuilt {done} days: {roll_ups} roll-ups, {corrected} of them corrected."))?;
    Ok(DONE)
}
