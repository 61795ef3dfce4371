//! The document and its browser, outside the API: `/openapi.json` and `/docs`.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::http::{Method, header};
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, guard};
use utoipa_swagger_ui::Config;

use crate::openapi;
use crate::problem::Problem;
use crate::routes::table::refuse;
use crate::transport::OWN_FILES;

/// The document as it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Document(Bytes);

impl Document {
    /// Writes the document once.
    pub(crate) fn new() -> serde_json::Result<Self> {
        serde_json::to_vec(&openapi::document()).map(|json| Self(json.into()))
    }
}

/// Serves the document and its browser.
pub(crate) fn serve(config: &mut ServiceConfig) {
    let get = || {
        web::route()
            .guard(guard::fn_guard(|context| matches!(context.head().method, Method::GET | Method::HEAD)))
    };
    let only_get = || web::to(refuse("GET, HEAD".to_owned()));
    let page = Data::new(Config::from("/openapi.json").validator_url("none"));
    config
        .service(web::resource("/openapi.json").route(get().to(document)).default_service(only_get()))
        .service(web::resource("/docs").route(get().to(redirect)).default_service(only_get()))
        .service(
            web::resource("/docs/{file:.*}")
                .app_data(page)
                .route(get().to(browser))
                .default_service(only_get()),
        );
}

async fn document(document: Data<Document>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .content_type("application/json")
        .body(document.0.clone())
}

async fn redirect() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
}

async fn browser(request: HttpRequest, page: Data<Config<'static>>) -> Result<HttpResponse, Problem> {
    let file = utoipa_swagger_ui::serve(request.match_info().query("file"), Arc::clone(&page));
    let file = file.map_err(|error| Problem::internal(&error.to_string().into()))?;
    let file = file.ok_or_else(Problem::not_found)?;
    let bytes = match file.bytes {
        // A part of the program, a megabyte and more: not to be copied for each reader.
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "max-age=3600"))
        .insert_header((header::CONTENT_SECURITY_POLICY, OWN_FILES))
        .content_type(file.content_type)
        .body(bytes))
}
