//! Everything that can go wrong, as a client sees it (RFC 9457).

mod code;
mod faults;
mod page;

use std::fmt;
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use jangteo_shared_kernel::{Cause, StorageError};
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use code::Code;
pub(crate) use faults::{Faults, FieldFault};
pub(crate) use page::enter;

/// How long a client waits before it asks again, in seconds.
const RETRY_AFTER: u64 = 1;

/// An answer that is no success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    code: Code,
    detail: String,
    faults: Vec<FieldFault>,
    allow: Option<String>,
    /// In seconds.
    retry_after: Option<u64>,
}

impl Problem {
    /// A problem with a detail of its own.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), faults: Vec::new(), allow: None, retry_after: None }
    }

    /// A problem that its explanation says all about.
    pub(crate) fn plain(code: Code) -> Self {
        Self::new(code, code.entry().explanation)
    }

    /// Nothing is there, or nothing of the caller's.
    pub(crate) fn not_found() -> Self {
        Self::plain(Code::NotFound)
    }

    /// Fields are at fault.
    pub(crate) fn invalid(faults: Vec<FieldFault>) -> Self {
        let detail = match faults.as_slice() {
            [only] if only.pointer.is_empty() => format!("the body {}", only.detail),
            [only] => format!("{}: {}", only.pointer, only.detail),
            several => format!("{} fields do not hold what they should", several.len()),
        };
        Self { faults, ..Self::new(Code::ValidationFailed, detail) }
    }

    /// One field is at fault.
    pub(crate) fn field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldFault { pointer: pointer.into(), detail: detail.into() }])
    }

    /// The resource has other methods.
    pub(crate) fn method_not_allowed(allow: String) -> Self {
        let detail = format!("this address has {allow}");
        Self { allow: Some(allow), ..Self::new(Code::MethodNotAllowed, detail) }
    }

    /// Too often; again after this.
    pub(crate) fn rate_limited(pause: Duration) -> Self {
        Self { retry_after: Some(whole_seconds(pause)), ..Self::plain(Code::RateLimited) }
    }

    /// A fault of ours. The cause is for the log; the client is not told.
    pub(crate) fn internal(cause: &Cause) -> Self {
        tracing::error!(cause = %chain(cause.as_ref()), "an internal error");
        Self::plain(Code::Internal)
    }

    /// Not now; the reason is for the log.
    pub(crate) fn unavailable(reason: &str) -> Self {
        tracing::warn!(reason, "unavailable");
        Self::plain(Code::Unavailable)
    }

    /// Its kind.
    pub(crate) const fn code(&self) -> Code {
        self.code
    }

    /// The answer, with the id under which the log knows it.
    pub(crate) fn answer(&self, trace_id: &str) -> HttpResponse {
        let entry = self.code.entry();
        let body = ProblemBody {
            kind: format!("/problems/{}", entry.name),
            title: entry.title,
            status: entry.status.as_u16(),
            detail: &self.detail,
            code: entry.name,
            trace_id,
            errors: (!self.faults.is_empty()).then_some(&self.faults),
        };
        let mut answer = HttpResponse::build(entry.status);
        if let Some(allow) = &self.allow {
            answer.insert_header((header::ALLOW, allow.as_str()));
        }
        let always = (self.code == Code::Unavailable).then_some(RETRY_AFTER);
        if let Some(seconds) = self.retry_after.or(always) {
            answer.insert_header((header::RETRY_AFTER, seconds));
        }
        if matches!(self.code, Code::Unauthenticated | Code::InvalidCredentials) {
            answer.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        answer.insert_header((header::CACHE_CONTROL, "no-store"));
        // The body is made of strings and numbers, so it always serialises.
        answer.content_type("application/problem+json").body(serde_json::to_vec(&body).unwrap_or_default())
    }
}

/// A problem as clients read it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "/problems/validation-failed",
    "title": "Some fields do not hold what they should",
    "status": 422,
    "detail": "/items/0/quantity: a line has 1 to 999 units",
    "code": "validation-failed",
    "traceId": "0af7651916cd43dd8448eb211c80319c",
    "errors": [{ "pointer": "/items/0/quantity", "detail": "a line has 1 to 999 units" }],
}))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProblemBody<'a> {
    /// Explains the kind of problem to a person.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference")]
    kind: String,
    /// The kind of problem in a few words.
    title: &'a str,
    /// The status of the answer.
    status: u16,
    /// What happened this time.
    detail: &'a str,
    /// The kind of problem, for programs.
    code: &'a str,
    /// Under which id the log knows the request.
    trace_id: &'a str,
    /// The fields at fault, where fields are.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<&'a Vec<FieldFault>>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.entry().name, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.entry().status
    }

    /// Without the trace id, which the outermost layer puts in.
    fn error_response(&self) -> HttpResponse {
        self.answer("")
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Unavailable(cause) => Self::unavailable(&chain(cause.as_ref())),
            StorageError::Transient(cause) => {
                Self::unavailable(&format!("a race was lost too often: {}", chain(cause.as_ref())))
            }
            StorageError::Fatal(cause) => Self::internal(&cause),
        }
    }
}

/// A span as clients are told to wait for it: at least a second, and never too short.
pub(crate) fn whole_seconds(span: Duration) -> u64 {
    (span.as_secs() + u64::from(span.subsec_nanos() > 0)).max(1)
}

/// An error and what caused it.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
