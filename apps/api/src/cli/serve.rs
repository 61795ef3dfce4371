//! `jangteo serve`.

use super::{DONE, say, signals};
use crate::config::Configuration;
use crate::shop::Shop;
use crate::traces::Traces;
use crate::transport::Tls;
use crate::{server, storage};

pub(super) async fn run(configuration: &Configuration, migrate: bool, traces: &Traces) -> anyhow::Result<u8> {
    for warning in configuration.warnings() {
        tracing::warn!("{warning}");
    }
    // From here on a signal ends the server in order, even one that comes while it starts.
    let asked_to_stop = signals::stop()?;
    let settings = &configuration.settings;
    let tls = settings.transport.tls.clone().map(Tls::open).transpose()?;
    if let Some(tls) = tls.clone() {
        actix_web::rt::spawn(tls.keep_fresh(signals::hang_ups()?));
    }
    let (shop, workers) = Shop::open(settings).await?;
    actix_web::rt::spawn(shop.ring.clone().keep_up(signals::hang_ups()?));
    if migrate {
        storage::migrate(&shop.storage).await?;
    } else {
        storage::prepare(&shop.storage, settings).await?;
    }
    let scheme = if tls.is_some() { "https" } else { "http" };
    let listening = |address| Ok(say(format!("jangteo is listening on {scheme}://{address}"))?);
    let served = server::serve(settings, tls.as_ref(), (shop, workers), traces, asked_to_stop, listening);
    Box::pin(served).await?;
    Ok(DONE)
}
