//! Answers.

mod keyed;
mod list;
mod tag;

use actix_web::HttpResponse;
use actix_web::http::header;
use serde::Serialize;

pub(crate) use keyed::keyed;
pub(crate) use list::{answer_page, answer_shown, open_cursor, page_body};
pub(crate) use tag::{Tag, finished, matching_versions, resource};

use crate::body::values::bytes;

const JSON: &str = "application/json";

/// A success with this body.
pub(crate) fn ok(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().content_type(JSON).body(bytes(body))
}

/// Something new, at this path, in the state that the tag names.
pub(crate) fn created(path: &str, tag: &Tag, body: &impl Serialize) -> HttpResponse {
    HttpResponse::Created()
        .insert_header((header::LOCATION, path))
        .insert_header((header::ETAG, tag.to_string()))
        .content_type(JSON)
        .body(bytes(body))
}

/// Something that was changed, in the state that the tag names.
pub(crate) fn changed(tag: &Tag, body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::ETAG, tag.to_string())).content_type(JSON).body(bytes(body))
}

/// Not now, for a reason that the body tells.
pub(crate) fn not_now(body: &impl Serialize) -> HttpResponse {
    HttpResponse::ServiceUnavailable()
        .insert_header((header::RETRY_AFTER, 1))
        .content_type(JSON)
        .body(bytes(body))
}
