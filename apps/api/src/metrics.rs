//! `GET /metrics`: what the process has counted (ADR-038).

use actix_web::HttpResponse;
use actix_web::web::Data;
use jangteo_application::Sources;
use prometheus_client::encoding::prometheus_text::{CONTENT_TYPE, encode};
use prometheus_client::registry::Registry;

use crate::problem::Problem;
use crate::routes::table::Table;

pub(crate) fn enter(table: &mut Table) {
    table.add_plain(__path_metrics, metrics, &[]);
}

/// Every meter of the process, under its name.
pub(crate) fn registry(sources: &Sources) -> Registry {
    let mut registry = Registry::with_prefix("jangteo");
    sources.meters().register(&mut registry);
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
