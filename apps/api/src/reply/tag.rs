//! Entity tags: which state of a resource a body shows.

use std::collections::BTreeSet;
use std::fmt;

use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::JSON;
use crate::body::values::bytes;
use crate::kept::Finished;

/// A strong entity tag, without its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag(String);

impl Tag {
    /// A tag that changes with this.
    pub(crate) fn of(state: impl fmt::Display) -> Self {
        Self(state.to_string())
    }

    /// A tag that changes with the body.
    pub(crate) fn of_body(body: &impl Serialize) -> Self {
        let hash: [u8; 32] = Sha256::digest(bytes(body)).into();
        let (&start, _) = hash.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
        Self(format!("{:032x}", u128::from_be_bytes(start)))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// A single resource with its tag: 304 if the client has this state already.
pub(crate) fn resource(request: &HttpRequest, tag: &Tag, body: &impl Serialize) -> HttpResponse {
    let known = is_known(request, &tag.0);
    let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((header::ETAG, tag.to_string()));
    if known { answer.finish() } else { answer.content_type(JSON).body(bytes(body)) }
}

/// Whether `If-None-Match` names a tag.
fn is_known(request: &HttpRequest, tag: &str) -> bool {
    match tags(request, &header::IF_NONE_MATCH) {
        None => false,
        Some(Tags::Any) => true,
        // A weak tag means the same state here: the comparison for a GET is weak.
        Some(Tags::These(list)) => list.iter().any(|named| named.text == tag),
    }
}

/// An answer that is finished: 304 if it has a tag and the client has that state already.
pub(crate) fn finished(request: &HttpRequest, Finished { body, tag }: &Finished) -> HttpResponse {
    let Some(tag) = tag else { return HttpResponse::Ok().content_type(JSON).body(body.clone()) };
    // Most clients have no state yet, and then nothing of the tag has to be read.
    let known = request.headers().contains_key(header::IF_NONE_MATCH)
        && tag.to_str().is_ok_and(|tag| is_known(request, tag.trim_matches('"')));
    let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((header::ETAG, tag.clone()));
    if known { answer.finish() } else { answer.content_type(JSON).body(body.clone()) }
}

/// The versions that `If-Match` lets through: the first part of each strong tag. `None` is every version.
pub(crate) fn matching_versions(request: &HttpRequest) -> Option<BTreeSet<i64>> {
    match tags(request, &header::IF_MATCH)? {
        Tags::Any => None,
        Tags::These(list) => {
            let strong = list.iter().filter(|named| !named.weak);
            Some(strong.filter_map(|named| version(&named.text)).collect())
        }
    }
}

/// The `c` of a tag `c.s`.
fn version(tag: &str) -> Option<i64> {
    let (catalogue, stock) = tag.split_once('.')?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if digits(catalogue) && digits(stock) { catalogue.parse().ok() } else { None }
}

#[derive(Debug, PartialEq, Eq)]
enum Tags {
    Any,
    These(Vec<Named>),
}

#[derive(Debug, PartialEq, Eq)]
struct Named {
    weak: bool,
    text: String,
}

/// The tags of a header; `None` if it is not there. What is no tag matches nothing.
fn tags(request: &HttpRequest, name: &HeaderName) -> Option<Tags> {
    let values: Vec<_> = request.headers().get_all(name).collect();
    if values.is_empty() {
        return None;
    }
    let texts: Vec<&str> = values.iter().filter_map(|value| value.to_str().ok()).collect();
    Some(parse(&texts.join(",")))
}

fn parse(text: &str) -> Tags {
    let mut list = Vec::new();
    let mut rest = text.trim();
    if rest == "*" {
        return Tags::Any;
    }
    // A tag may hold commas, so the list is read from quote to quote.
    while !rest.is_empty() {
        let (weak, quoted) = match rest.strip_prefix("W/") {
            Some(quoted) => (true, quoted),
            None => (false, rest),
        };
        let Some((text, behind)) = quoted.strip_prefix('"').and_then(|inside| inside.split_once('"')) else {
            break;
        };
        list.push(Named { weak, text: text.to_owned() });
        let Some(next) = behind.trim_start().strip_prefix(',') else { break };
        rest = next.trim_start();
    }
    Tags::These(list)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn versions(values: &[&str]) -> Option<Vec<i64>> {
        let mut request = TestRequest::default();
        for value in values {
            request = request.append_header(("If-Match", *value));
        }
        matching_versions(&request.to_http_request()).map(|versions| versions.into_iter().collect())
    }

    #[test]
    fn if_match_compares_the_first_part() {
        assert_eq!(versions(&[]), None);
        assert_eq!(versions(&["*"]), None);
        assert_eq!(versions(&["\"3.14\""]), Some(vec![3]));
        assert_eq!(versions(&["\"3.1\", \"5.2\"", "\"7.1\""]), Some(vec![3, 5, 7]));
    }

    #[test]
    fn what_is_no_strong_tag_of_ours_matches_nothing() {
        for bad in
            ["", "3.1", "\"3\"", "W/\"3.1\"", "\"+3.1\"", "\"3.x\"", "\"99999999999999999999.1\"", "\"3.1"]
        {
            assert_eq!(versions(&[bad]), Some(vec![]), "{bad}");
        }
    }

    #[test]
    fn a_tag_may_hold_a_comma() {
        let named = |text: &str| Named { weak: false, text: text.to_owned() };
        assert_eq!(parse("\"a,b\" , \"c\""), Tags::These(vec![named("a,b"), named("c")]));
    }
}
