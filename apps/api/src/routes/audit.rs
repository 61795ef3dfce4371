//! The proof that everything adds up.

use actix_web::HttpResponse;
use jangteo_application::AuditQueries;

use super::table::Table;
use crate::body::audit::AuditBody;
use crate::call::{Administrator, Call};
use crate::problem::Problem;
use crate::rate_limits::RouteClass;
use crate::reply;

pub(super) fn enter(table: &mut Table) {
    table.add(__path_audit, audit, RouteClass::Reports, &[]);
}

/// Audit the shop
///
/// Proves conservation from the tables alone, in one snapshot, also while orders are running. It reads every row of the
/// shop; `jangteo audit` does the same from the command line, where no request times out.
#[utoipa::path(
    get,
    path = "/api/v1/admin/audit",
    tag = "administration",
    responses((status = 200, description = "What was found, whether or not everything holds", body = AuditBody)),
)]
async fn audit(call: Call<Administrator>) -> Result<HttpResponse, Problem> {
    let Call { shop, .. } = call;
    let report = shop.storage.audit(shop.sources.now()).await?;
    Ok(reply::ok(&AuditBody::from(&report)))
}
