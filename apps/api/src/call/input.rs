//! What a request brings along: nothing, a query, or a JSON body.

use std::marker::PhantomData;

use actix_web::HttpRequest;
use serde_json::Value;

use super::body;
use super::json::{Body, Terms, decode, interpret};
use super::query::{self, QueryString};
use crate::problem::{Code, Problem};

/// What a request brings along.
pub(crate) trait Input: 'static {
    /// What it means.
    type Meaning;

    /// What it may refuse with.
    const PROBLEMS: &'static [Code];

    /// Refuses a body of another kind.
    fn check_media_type(request: &HttpRequest) -> Result<(), Problem>;

    /// The body's JSON, where a body is expected.
    fn decode(bytes: &[u8]) -> Result<Option<Value>, Problem>;

    /// What the request brings along means.
    fn interpret(request: &HttpRequest, body: Option<Value>, terms: Terms) -> Result<Self::Meaning, Problem>;
}

/// Parameters `Q` of the query string. A body is ignored.
#[derive(Debug)]
pub(crate) struct Query<Q>(PhantomData<fn() -> Q>);

/// Nothing. A body is ignored.
pub(crate) type Nothing = Query<()>;

/// A body `T` in JSON.
#[derive(Debug)]
pub(crate) struct Json<T>(PhantomData<fn() -> T>);

impl<Q: QueryString> Input for Query<Q> {
    type Meaning = Q;

    const PROBLEMS: &'static [Code] = &[Code::BodyTooLarge, Code::MalformedRequest, Code::ValidationFailed];

    fn check_media_type(_: &HttpRequest) -> Result<(), Problem> {
        Ok(())
    }

    fn decode(_: &[u8]) -> Result<Option<Value>, Problem> {
        Ok(None)
    }

    fn interpret(request: &HttpRequest, _: Option<Value>, _: Terms) -> Result<Q, Problem> {
        query::read(request)
    }
}

impl<T: Body + 'static> Input for Json<T> {
    type Meaning = T::Meaning;

    const PROBLEMS: &'static [Code] =
        &[Code::UnsupportedMediaType, Code::BodyTooLarge, Code::MalformedRequest, Code::ValidationFailed];

    fn check_media_type(request: &HttpRequest) -> Result<(), Problem> {
        body::check_media_type(request)
    }

    fn decode(bytes: &[u8]) -> Result<Option<Value>, Problem> {
        decode(bytes).map(Some)
    }

    fn interpret(request: &HttpRequest, body: Option<Value>, terms: Terms) -> Result<T::Meaning, Problem> {
        query::read::<()>(request)?;
        interpret::<T>(body.unwrap_or_default(), terms)
    }
}
