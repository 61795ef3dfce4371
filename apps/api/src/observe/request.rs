//! The outermost layer: every request gets its names, one log line, and an answer of the form that is promised.

use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ResponseHead, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _, HttpResponse};
use jangteo_application::{Sources, TRACE_TARGET};
use tokio::time::timeout;
use tracing::field::Empty;
use tracing::{Instrument, Span, info, info_span};

use super::names::Names;
use crate::health::Stage;
use crate::metrics::{AddressMeters, RequestMeters};
use crate::problem::{Code, Problem};
use crate::rate_limits::RateLimitHeaders;
use crate::traces::Sampler;
use crate::transport::{Ahead, Origins, SecurityHeaders, in_pieces};

/// What the layer needs.
#[derive(Debug, Clone)]
pub(crate) struct Observer {
    /// Time and chance, for names.
    pub(crate) sources: Sources,
    /// How long a request may take.
    pub(crate) request_timeout: Duration,
    /// What every answer tells a browser.
    pub(crate) headers: SecurityHeaders,
    /// Pages of which origins may call.
    pub(crate) origins: Origins,
    /// Count requests.
    pub(crate) meters: RequestMeters,
    /// Says which traces are sent, if any.
    pub(crate) sampler: Option<Sampler>,
    /// Whether clients are to stay.
    pub(crate) stage: Data<Stage>,
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
    let traced = observer.trace(&names);
    run(observer, names, method, request, next, traced.clone()).instrument(traced).instrument(span).await
}

impl Observer {
    /// The span of a request whose trace is sent, or none.
    fn trace(&self, names: &Names) -> Span {
        let Some(sampler) = self.sampler else { return Span::none() };
        let sent = match names.caller {
            Some(caller) => caller.sampled,
            None => u128::from_str_radix(&names.trace, 16).is_ok_and(|trace| sampler.takes(trace)),
        };
        if !sent {
            return Span::none();
        }
        info_span!(
            target: TRACE_TARGET,
            parent: None,
            "request",
            span.kind = "server",
            span.name = Empty,
            trace_id = names.trace,
            parent_id = names.caller.map(|caller| format!("{:016x}", caller.span)),
            http.request.method = Empty,
            http.route = Empty,
            http.response.status_code = Empty,
            error = Empty,
        )
    }
}

#[expect(clippy::disallowed_methods, reason = "measures how long a request takes; nothing is decided by it")]
async fn run(
    observer: Data<Observer>,
    names: Names,
    method: Method,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    traced: Span,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let start = std::time::Instant::now();
    let caller = observer.origins.caller(request.headers());
    let outcome = match Origins::preflight(&method, request.headers(), caller.as_ref()) {
        Some(answer) => Ok(request.into_response(answer)),
        None => match timeout(observer.request_timeout, next.call(request)).await {
            Ok(outcome) => outcome.map(ServiceResponse::map_into_boxed_body),
            Err(_) => Err(Problem::unavailable("the request took too long").into()),
        },
    };
    // The pattern, never the path or the query: those may hold personal data.
    let route = Route::of(outcome.as_ref().ok());
    let complete = |head: &mut ResponseHead| complete(head, &names, &observer, caller);
    let outcome = match outcome {
        Ok(answer) => Ok(finish(answer, &names.trace, complete)),
        Err(error) => Err(finish_error(&error, &names.trace, complete)),
    };
    let status = match &outcome {
        Ok(answer) => answer.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    let time = start.elapsed();
    route.count(&observer.meters, &method, status, time);
    route.tell(&traced, &method, status);
    let (status, milliseconds) = (status.as_u16(), time.as_millis());
    info!(%method, route = route.pattern(), status, milliseconds, "answered");
    outcome
}

/// Where a request was led.
enum Route {
    /// To an address of the table.
    Known(AddressMeters),
    /// Elsewhere, or nowhere.
    Other(Option<String>),
}

impl Route {
    fn of(answer: Option<&ServiceResponse<BoxBody>>) -> Self {
        let Some(request) = answer.map(ServiceResponse::request) else { return Self::Other(None) };
        let known = request.app_data::<AddressMeters>().cloned();
        known.map_or_else(|| Self::Other(request.match_pattern()), Self::Known)
    }

    fn pattern(&self) -> &str {
        match self {
            Self::Known(address) => address.pattern(),
            Self::Other(pattern) => pattern.as_deref().unwrap_or("-"),
        }
    }

    fn tell(&self, traced: &Span, method: &Method, status: StatusCode) {
        if traced.is_none() {
            return;
        }
        let pattern = self.pattern();
        traced.record("span.name", format!("{method} {pattern}"));
        traced.record("http.request.method", method.as_str());
        traced.record("http.route", pattern);
        traced.record("http.response.status_code", status.as_u16());
        traced.record("error", status.is_server_error());
    }

    fn count(&self, all: &RequestMeters, method: &Method, status: StatusCode, time: Duration) {
        match self {
            Self::Known(address) => address.count(method, status, time),
            Self::Other(_) => all.count_elsewhere(status, time),
        }
    }
}

/// The answer with the headers of all answers; a problem tells its trace.
fn finish(
    answer: ServiceResponse<BoxBody>,
    trace: &str,
    complete: impl FnOnce(&mut ResponseHead),
) -> ServiceResponse<BoxBody> {
    let mut answer = match problem_of(answer.response()) {
        Some(problem) => answer.into_response(problem.answer(trace)),
        None => answer,
    };
    let limit = answer.request().extensions_mut().remove::<RateLimitHeaders>();
    if let Some(limit) = limit {
        limit.complete(answer.headers_mut());
    }
    complete(answer.response_mut().head_mut());
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
fn finish_error(error: &Error, trace: &str, complete: impl FnOnce(&mut ResponseHead)) -> Error {
    let problem = match error.as_error::<Problem>() {
        Some(problem) => problem.clone(),
        None => Problem::plain(Code::of_status(error.as_response_error().status_code())),
    };
    let mut answer: HttpResponse = problem.answer(trace);
    complete(answer.head_mut());
    InternalError::from_response(problem, answer).into()
}

/// Puts in what all answers have.
fn complete(head: &mut ResponseHead, names: &Names, observer: &Observer, caller: Option<HeaderValue>) {
    // So that clients and proxies go on elsewhere. What is idle in the end is closed, and a request may be on its way then.
    if observer.stage.is_draining() {
        head.set_connection_type(ConnectionType::Close);
    }
    let headers = head.headers_mut();
    // Both ids have passed a check that leaves only visible ASCII.
    if let Ok(id) = HeaderValue::from_str(&names.request) {
        headers.insert(REQUEST_ID, id);
    }
    observer.headers.complete(headers);
    observer.origins.complete(headers, caller);
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
