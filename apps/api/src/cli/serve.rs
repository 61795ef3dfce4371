//! `jangteo serve`.

use super::{DONE, say, signals};
use crate::config::Configuration;
use crate::shop::Shop;
use crate::{server, storage};

pub(super) async fn run(configuration: &Configuration, migrate: bool) -> anyhow::Result<u8> {
    for warning in configuration.warnings() {
        tracing::warn!("{warning}");
    }
    // From here on a signal ends the server in order, even one that comes while it starts.
    let asked_to_stop = signals::stop()?;
    let settings = &configuration.settings;
    let (shop, workers) = Shop::open(settings).await?;
    if migrate {
        storage::migrate(&shop.storage).await?;
    } else {
        storage::prepare(&shop.storage, settings).await?;
    }
    let listening = |address| Ok(say(format!("jangteo is listening on http://{address}"))?);
    server::serve(settings, (shop, workers), asked_to_stop, listening).await?;
    Ok(DONE)
}
