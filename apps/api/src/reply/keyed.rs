//! Answers to requests with an idempotency key.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use jangteo_application::{Answer, Verdict};

use crate::problem::{Code, Problem};

/// The answer that a verdict stands for. A replay gets the bytes of the first answer, and a header that says so.
pub(crate) fn keyed<T, R>(
    verdict: Verdict<T, R>,
    refused: impl FnOnce(R) -> Problem,
) -> Result<HttpResponse, Problem> {
    match verdict {
        Verdict::Accepted { answer, .. } => send(answer, false),
        Verdict::Replayed(answer) => send(answer, true),
        Verdict::KeyReused => Err(Problem::plain(Code::IdempotencyKeyReused)),
        Verdict::Refused(refusal) => Err(refused(refusal)),
    }
}

fn send(answer: Answer, replayed: bool) -> Result<HttpResponse, Problem> {
    let status = StatusCode::from_u16(answer.status).map_err(|error| Problem::internal(&error.into()))?;
    let mut response = HttpResponse::build(status);
    if let Some(location) = answer.location {
        response.insert_header((header::LOCATION, location));
    }
    if replayed {
        response.insert_header(("Idempotency-Replayed", "true"));
    }
    Ok(response.content_type("application/json").body(answer.body))
}
