//! The server: from listening to the last answer.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse};
use anyhow::Context;
use tokio::time::{sleep, timeout};

use crate::config::Settings;
use crate::docs::{self, Document};
use crate::groups::Workers;
use crate::health::Stage;
use crate::metrics::RequestMeters;
use crate::observe::{Observer, observe};
use crate::problem::Problem;
use crate::shop::Shop;
use crate::traces::Traces;
use crate::transport::{Origins, SecurityHeaders, Tls};
use crate::{jobs, metrics, routes, transport};

/// Serves until it is asked to stop, then ends what is under way and closes the storage, all of it within
/// `server.shutdown_timeout`. `listening` is told the address once requests are taken.
pub(crate) async fn serve(
    settings: &Settings,
    tls: Option<&Tls>,
    (shop, workers): (Shop, Workers),
    traces: &Traces,
    asked_to_stop: impl Future<Output = ()>,
    listening: impl FnOnce(SocketAddr) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let working = workers.start(&shop.storage, &shop.meters.connections).await?;
    let shop = Data::new(shop);
    let stage = Data::new(Stage::default());
    let meters = RequestMeters::of(&routes::all());
    let observer = Data::new(Observer {
        sources: shop.sources.clone(),
        request_timeout: settings.request_timeout,
        headers: SecurityHeaders::new(tls.is_some(), settings.transport.hsts_max_age),
        origins: Origins::new(settings.transport.origins.clone()),
        meters: meters.clone(),
        sampler: traces.sampler(),
        stage: Data::clone(&stage),
    });
    let document = Data::new(Document::new()?);
    let registry = Data::new(metrics::registry(&shop.sources, &shop.meters, &meters, traces.meters()));
    let listener =
        transport::listen(settings.bind).with_context(|| format!("cannot listen on {}", settings.bind))?;
    let address = listener.local_addr()?;
    let server = {
        let (shop, stage) = (Data::clone(&shop), Data::clone(&stage));
        transport::serve(listener, settings, tls, move || {
            App::new()
                .app_data(Data::clone(&shop))
                .app_data(Data::clone(&stage))
                .app_data(Data::clone(&observer))
                .app_data(Data::clone(&document))
                .app_data(Data::clone(&registry))
                .wrap(from_fn(observe))
                .configure(|config| routes::all().serve(config, &meters))
                .configure(docs::serve)
                .default_service(web::to(nothing_here))
        })?
    };
    let handle = server.handle();
    let running = actix_web::rt::spawn(server);
    let jobs = jobs::start(settings, Arc::clone(&shop));
    stage.serve();
    tracing::info!(%address, "serving");
    listening(address)?;

    asked_to_stop.await;
    tracing::info!("draining");
    stage.drain();
    let ended = timeout(settings.shutdown_timeout, async {
        sleep(settings.drain_delay).await;
        handle.stop(true).await;
        let outcome = running.await;
        shop.groups.close().await;
        working.ended().await;
        jobs.stop().await;
        shop.storage.close().await?;
        outcome?.context("the server ended with an error")
    });
    if let Ok(outcome) = ended.await {
        outcome?;
    } else {
        tracing::warn!("not everything ended within server.shutdown_timeout");
    }
    tracing::info!("stopped");
    Ok(())
}

async fn nothing_here() -> Result<HttpResponse, Problem> {
    Err(Problem::not_found())
}
