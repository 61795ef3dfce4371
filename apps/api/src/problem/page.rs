//! `GET /problems/{code}`: what a problem's `type` leads to.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use super::{Code, Problem};
use crate::routes::table::Table;

pub(crate) fn enter(table: &mut Table) {
    table.add_plain(__path_explain_problem, explain_problem, &[Code::NotFound]);
}

/// What a code means
///
/// A small page for people. A problem's `type` leads here.
#[utoipa::path(
    get,
    path = "/problems/{code}",
    tag = "service",
    params(("code" = String, Path, description = "A problem's code", example = "out-of-stock")),
    responses((status = 200, description = "The explanation", content_type = "text/html", body = String)),
)]
async fn explain_problem(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let code = Code::named(request.match_info().query("code")).ok_or_else(Problem::not_found)?;
    let entry = code.entry();
    // Every text comes from the table and holds nothing that HTML would read as markup.
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{name}</title></head>\n\
         <body>\n<h1>{title}</h1>\n<p><code>{name}</code>, with status {status}.</p>\n<p>{explanation}</p>\n\
         </body>\n</html>\n",
        name = entry.name,
        title = entry.title,
        status = entry.status,
        explanation = entry.explanation,
    );
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "max-age=3600"))
        .content_type("text/html; charset=utf-8")
        .body(page))
}
