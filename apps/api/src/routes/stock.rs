//! Corrections of stock.

use actix_web::HttpResponse;
use jangteo_application::AdjustStock;

use super::table::Table;
use crate::body::product::{Adjustment, AdjustmentBody};
use crate::call::{Administrator, Call, Json, Keyed};
use crate::commands::Command;
use crate::problem::Problem;
use crate::rate_limits::RouteClass;
use crate::refusals::cannot_adjust;
use crate::reply;

pub(super) fn enter(table: &mut Table) {
    let refusals = Command::AdjustStock.refusals();
    table.add(__path_adjust_stock, adjust_stock, RouteClass::Writes, refusals);
}

/// Adjust a product's stock
///
/// Goods received, lost, counted again.
#[utoipa::path(
    post,
    path = "/api/v1/products/{id}/stock-adjustments",
    tag = "products",
    params(("id" = Uuid, Path)),
    request_body = Adjustment,
    responses((
        status = 201,
        description = "The adjustment, with the stock after it",
        body = AdjustmentBody,
        headers(("Location" = String, description = "Where the product is")),
    )),
)]
async fn adjust_stock(call: Call<Administrator, Json<Adjustment>, Keyed>) -> Result<HttpResponse, Problem> {
    let product = call.path_id("id")?;
    let Call { shop, who, input: (delta, reason), key, .. } = call;
    let command = AdjustStock { product, delta, reason, mark: key.into_mark() };
    let verdict = shop.submit(&shop.administration.by(&who).adjust_stock, command).await;
    reply::keyed(shop.meters.commands.of(Command::AdjustStock), verdict, cannot_adjust)
}
