//! The outermost layer: every request gets its names, one log line, and an answer of the form that is promised.

use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse};
use jangteo_application::Sources;
use tokio::time::timeout;
use tracing::{Instrument, info, info_span};

use super::names::Names;
use crate::problem::{Code, Problem};
use crate::transport::{Ahead, in_pieces};

/// What the layer needs.
#[derive(Debug, Clone)]
pub(crate) struct Observer {
    /// Time and chance, for names.
    pub(crate) sources: Sources,
    /// How long a request may take.
    pub(crate) request_timeout: Duration,
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Runs a request under its names.
pub(crate) async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let _at_work = request.conn_data::<Ahead>().map(Ahead::work);
    let Some(observer) = request.app_data::<Data<Observer>>().cloned() else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let names = Names::of(request.headers(), &observer.sources);
    let span = info_span!("request", request_id = names.request, trace_id = names.trace);
    let method = request.method().clone();
    run(observer, names, method, request, next).instrument(span).await
}

#[expect(clippy::disallowed_methods, reason = "measures how long a request takes; nothing is decided by it")]
async fn run(
    observer: Data<Observer>,
    names: Names,
    method: actix_web::http::Method,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let start = std::time::Instant::now();
    let outcome = timeout(observer.request_timeout, next.call(request)).await;
    let outcome = outcome.unwrap_or_else(|_| Err(Problem::unavailable("the request took too long").into()));
    // The pattern, never the path or the query: those may hold personal data.
    let route = match &outcome {
        Ok(answer) => answer.request().match_pattern(),
        Err(_) => None,
    };
    let outcome = match outcome {
        Ok(answer) => Ok(finish(answer.map_into_boxed_body(), &names)),
        Err(error) => Err(finish_error(&error, &names)),
    };
    let status = match &outcome {
        Ok(answer) => answer.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    let (status, milliseconds) = (status.as_u16(), start.elapsed().as_millis());
    let route = route.as_deref().unwrap_or("-");
    info!(%method, route, status, milliseconds, "answered");
    outcome
}

/// The answer with the headers of all answers; a problem tells its trace.
fn finish(answer: ServiceResponse<BoxBody>, names: &Names) -> ServiceResponse<BoxBody> {
    let mut answer = match problem_of(answer.response()) {
        Some(problem) => answer.into_response(problem.answer(&names.trace)),
        None => answer,
    };
    complete(answer.headers_mut(), names);
    answer.map_body(|_, body| in_pieces(body))
}

/// What is wrong, if something is. Whatever actix-web answers by itself becomes a problem too; a body that is JSON was
/// written here, and stays.
fn problem_of(answer: &HttpResponse) -> Option<Problem> {
    if let Some(problem) = answer.error().and_then(Error::as_error::<Problem>) {
        return Some(problem.clone());
    }
    let status = answer.status();
    let failed = status.is_client_error() || status.is_server_error();
    let ours = answer.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    (failed && !ours).then(|| Problem::plain(Code::of_status(status)))
}

/// An error that no resource has turned into an answer.
fn finish_error(error: &Error, names: &Names) -> Error {
    let problem = match error.as_error::<Problem>() {
        Some(problem) => problem.clone(),
        None => Problem::plain(Code::of_status(error.as_response_error().status_code())),
    };
    let mut answer: HttpResponse = problem.answer(&names.trace);
    complete(answer.headers_mut(), names);
    InternalError::from_response(problem, answer).into()
}

fn complete(headers: &mut HeaderMap, names: &Names) {
    // Both ids have passed a check that leaves only visible ASCII.
    if let Ok(id) = HeaderValue::from_str(&names.request) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
