//! Whether the process lives, and whether it can serve.

use std::sync::atomic::{AtomicU8, Ordering};

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::routes::table::Table;
use crate::shop::Shop;
use crate::{reply, storage};

pub(crate) fn enter(table: &mut Table) {
    table.add_plain(__path_livez, livez, &[]);
    table.add_plain(__path_readyz, readyz, &[]);
}

/// Where the server is in its life.
#[derive(Debug, Default)]
pub(crate) struct Stage(AtomicU8);

const STARTING: u8 = 0;
const SERVING: u8 = 1;
const DRAINING: u8 = 2;

impl Stage {
    /// From here on it can serve.
    pub(crate) fn serve(&self) {
        self.0.store(SERVING, Ordering::Relaxed);
    }

    /// From here on it only ends what it has begun.
    pub(crate) fn drain(&self) {
        self.0.store(DRAINING, Ordering::Relaxed);
    }

    /// Whether it only ends what it has begun.
    pub(crate) fn is_draining(&self) -> bool {
        self.0.load(Ordering::Relaxed) == DRAINING
    }
}

/// Whether a server is well.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
struct HealthBody {
    /// `ok`, `starting`, `draining` or `unavailable`.
    #[schema(example = "ok")]
    status: &'static str,
    /// What the server needs and does not reach.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    down: Vec<&'static str>,
    /// What the server does not reach and does without for now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    degraded: Vec<&'static str>,
}

/// Whether the process lives
#[utoipa::path(
    get,
    path = "/livez",
    tag = "service",
    responses((status = 200, description = "It does", body = HealthBody)),
)]
async fn livez() -> HttpResponse {
    reply::ok(&HealthBody { status: "ok", down: Vec::new(), degraded: Vec::new() })
}

/// Whether the server can serve
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "service",
    responses(
        (status = 200, description = "It can, though perhaps with less than it is meant to have", body = HealthBody),
        (status = 503, description = "It is starting or draining, or does not reach what it names", body = HealthBody),
    ),
)]
async fn readyz(stage: Data<Stage>, shop: Data<Shop>) -> Result<HttpResponse, Problem> {
    let not_now = |status, down| Ok(reply::not_now(&HealthBody { status, down, degraded: Vec::new() }));
    match stage.0.load(Ordering::Relaxed) {
        STARTING => not_now("starting", Vec::new()),
        DRAINING => not_now("draining", Vec::new()),
        _ if storage::answers(&shop.storage).await => {
            Ok(reply::ok(&HealthBody { status: "ok", down: Vec::new(), degraded: degraded(&shop).await }))
        }
        _ => not_now("unavailable", vec!["database"]),
    }
}

/// Without these the shop goes on, so they keep no request away.
async fn degraded(shop: &Shop) -> Vec<&'static str> {
    let mut degraded = Vec::new();
    if let Some(redis) = &shop.redis
        && !redis.ping().await
    {
        degraded.push("redis");
    }
    if shop.storage.lost_replicas().await > 0 {
        degraded.push("replica");
    }
    degraded
}
