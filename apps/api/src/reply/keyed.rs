//! Answers to requests with an idempotency key.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use jangteo_application::{Answer, Verdict};

use crate::metrics::CommandMeter;
use crate::problem::{Code, Problem};

/// The answer that a verdict stands for, which is counted. A replay gets the bytes of the first answer, and a header that
/// says so.
pub(crate) fn keyed<T, R>(
    meter: &CommandMeter,
    verdict: Result<Verdict<T, R>, impl Into<Problem>>,
    refused: impl FnOnce(R) -> Problem,
) -> Result<HttpResponse, Problem> {
    let problem = match verdict {
        Ok(Verdict::Accepted { answer, .. }) => {
            meter.accepted();
            return send(answer, false);
        }
        Ok(Verdict::Replayed(answer)) => {
            meter.replayed();
            return send(answer, true);
        }
        Ok(Verdict::KeyReused) => Problem::plain(Code::IdempotencyKeyReused),
        Ok(Verdict::Refused(refusal)) => refused(refusal),
        Err(error) => error.into(),
    };
    meter.refused(problem.code());
    Err(problem)
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
