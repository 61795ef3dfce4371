//! `jangteo serve`.

use super::{DONE, say, signals};
use crate::config::Configuration;
use crate::server;
use crate::shop::Shop;

pub(super) async fn run(configuration: &Configuration) -> anyhow::Result<u8> {
    for warning in configuration.warnings() {
        tracing::warn!("{warning}");
    }
    // From here on a signal ends the server in order, even one that comes while it starts.
    let asked_to_stop = signals::stop()?;
    let shop = Shop::open(&configuration.settings).await?;
    let made = shop.storage.migrate().await?;
    if !made.is_empty() {
        tracing::info!(changes = made.len(), "brought the schema up to date");
    }
    let listening = |address| Ok(say(format!("jangteo is listening on http://{address}"))?);
    server::serve(&configuration.settings, shop, asked_to_stop, listening).await?;
    Ok(DONE)
}
