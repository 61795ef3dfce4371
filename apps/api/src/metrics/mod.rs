//! `GET /metrics`: what the process has counted (ADR-038).

mod claim_gate;
mod commands;
mod connections;
mod jobs;
mod kept_answers;
mod process;
mod requests;
mod route;

use actix_web::HttpResponse;
use actix_web::web::Data;
use jangteo_application::Sources;
use jangteo_redis::Redis;
use prometheus_client::encoding::prometheus_text::{CONTENT_TYPE, encode};
use prometheus_client::registry::Registry;

pub(crate) use claim_gate::GateMeters;
pub(crate) use commands::{CommandMeter, CommandMeters};
pub(crate) use connections::ConnectionMeters;
pub(crate) use jobs::{Job, JobMeters};
pub(crate) use kept_answers::KeptMeters;
use process::ProcessMeters;
pub(crate) use requests::{AddressMeters, RequestMeters};

use crate::problem::Problem;
use crate::routes::table::Table;
use crate::storage::Storage;
use crate::traces::TraceMeters;

pub(crate) fn enter(table: &mut Table) {
    table.add_plain(__path_metrics, metrics, &[]);
}

/// The meters of the shop, besides those of its use cases. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct ShopMeters {
    /// Of commands.
    pub(crate) commands: CommandMeters,
    /// Of the gate of claims.
    pub(crate) gate: GateMeters,
    /// Of answers that are kept.
    pub(crate) kept: KeptMeters,
    /// Of jobs.
    pub(crate) jobs: JobMeters,
    /// Of connections to others.
    pub(crate) connections: ConnectionMeters,
}

impl ShopMeters {
    /// All at zero, for a shop with this storage, and with Redis if there is one.
    pub(crate) fn new(storage: Storage, redis: Option<Redis>) -> Self {
        Self {
            commands: CommandMeters::new(),
            gate: GateMeters::new(),
            kept: KeptMeters::new(),
            jobs: JobMeters::new(),
            connections: ConnectionMeters::new(storage, redis),
        }
    }
}

/// Every meter of the process, under its name.
pub(crate) fn registry(
    sources: &Sources,
    shop: &ShopMeters,
    requests: &RequestMeters,
    traces: &TraceMeters,
) -> Registry {
    let mut registry = Registry::with_prefix("jangteo");
    registry.register_collector(Box::new(requests.clone()));
    shop.commands.register(&mut registry);
    sources.meters().register(&mut registry);
    shop.gate.register(&mut registry);
    shop.kept.register(&mut registry);
    shop.jobs.register(&mut registry);
    traces.register(&mut registry);
    registry.register_collector(Box::new(shop.connections.clone()));
    registry.register_collector(Box::new(ProcessMeters { started: sources.now() }));
    registry
}

/// What the server has counted since it started
///
/// In the text format of Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "service",
    responses((status = 200, description = "One line a figure", content_type = "text/plain", body = String)),
)]
async fn metrics(registry: Data<Registry>) -> Result<HttpResponse, Problem> {
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|error| Problem::internal(&error.into()))?;
    Ok(HttpResponse::Ok().content_type(CONTENT_TYPE).body(text))
}
