//! Pages of which origins may call, and what their browsers are told (CORS).

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use url::{Host, Url};

/// What the routes have.
const METHODS: &str = "GET, HEAD, POST, PATCH, DELETE";

/// What requests may bring along. `Accept` and the like need no leave.
const REQUEST_HEADERS: &str =
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id, traceparent";

/// What a page may read of an answer, besides its body, its type and its age.
const ANSWER_HEADERS: &str = "Allow, ETag, Idempotency-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id";

/// For how many seconds a browser need not ask again.
const MAX_AGE: &str = "600";

/// An origin as browsers write it: scheme, host, and the port if it is not the scheme's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    text: String,
    value: HeaderValue,
    overheard: bool,
}

impl Origin {
    /// Exactly an origin. Neither `*` nor `null` is one: whoever may call is named.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let refused = || format!("must be origins such as https://shop.example.com, not {text:?}");
        let url = Url::parse(text).map_err(|_| refused())?;
        // A star is a letter like others to URLs, but here it would be taken for more.
        if !matches!(url.scheme(), "http" | "https") || text.contains('*') {
            return Err(refused());
        }
        let written = url.origin().ascii_serialization();
        if written != text {
            return Err(format!("{}; browsers write {written:?}", refused()));
        }
        let value = HeaderValue::from_str(text).map_err(|_| refused())?;
        let local = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        Ok(Self { text: written, value, overheard: url.scheme() == "http" && !local })
    }

    /// Whether its pages can be changed on their way, as they come without TLS and from another machine.
    pub(crate) fn is_overheard(&self) -> bool {
        self.overheard
    }

    /// The origin as it is written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }
}

/// The origins whose pages may call. Without any, nothing is said about origins at all, and browsers keep answers from
/// all pages but the server's own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origins(Vec<Origin>);

impl Origins {
    /// These origins.
    pub(crate) fn new(origins: Vec<Origin>) -> Self {
        Self(origins)
    }

    /// The listed origin that a request names.
    pub(crate) fn caller(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        if self.0.is_empty() {
            return None;
        }
        let named = headers.get(header::ORIGIN)?;
        self.0.iter().find(|origin| origin.value == *named).map(|origin| origin.value.clone())
    }

    /// The answer to a browser that asks, before it sends a request of a page with a listed origin, whether it may. It is the
    /// same for every address, so that it tells nothing about them.
    pub(crate) fn preflight(
        method: &Method,
        headers: &HeaderMap,
        caller: Option<&HeaderValue>,
    ) -> Option<HttpResponse> {
        caller?;
        if *method != Method::OPTIONS || !headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
            return None;
        }
        let answer = HttpResponse::build(StatusCode::NO_CONTENT)
            .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS))
            .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS))
            .insert_header((header::ACCESS_CONTROL_MAX_AGE, MAX_AGE))
            .finish();
        Some(answer)
    }

    /// Puts into an answer what a browser has to know. There are no cookies, so credentials are never allowed.
    pub(crate) fn complete(&self, headers: &mut HeaderMap, caller: Option<HeaderValue>) {
        if self.0.is_empty() {
            return;
        }
        // Without a listed origin, too: a cache must not give this answer to a page that has one.
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        if let Some(caller) = caller {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, caller);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(ANSWER_HEADERS));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::openapi;

    #[test]
    fn an_origin_is_what_browsers_write() {
        for good in [
            "https://shop.example.com",
            "http://localhost:3000",
            "https://xn--3e0b707e.example",
            "https://[2001:db8::1]:8443",
        ] {
            assert_eq!(Origin::new(good).as_ref().map(Origin::as_str), Ok(good));
        }
        for bad in [
            "",
            "*",
            "null",
            "https://*.example.com",
            "shop.example.com",
            "https://shop.example.com/",
            "https://shop.example.com/shop",
            "https://Shop.example.com",
            "https://shop.example.com:443",
            "https://user@shop.example.com",
            "https://한국.kr",
            "ftp://shop.example.com",
            "file:///shop",
            "https://",
        ] {
            assert!(Origin::new(bad).is_err(), "{bad}");
        }
    }

    /// A route with another method, or a header that a client needs, must not be forgotten here.
    #[test]
    fn everything_that_the_document_names_is_allowed() {
        let document = serde_json::to_value(openapi::document()).unwrap();
        let [methods, brought, read] = [METHODS, REQUEST_HEADERS, ANSWER_HEADERS]
            .map(|list| list.split(", ").map(str::to_lowercase).collect::<BTreeSet<_>>());
        for item in document["paths"].as_object().unwrap().values() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(methods.contains(method), "{method}");
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    let name = parameter["name"].as_str().unwrap().to_lowercase();
                    assert!(parameter["in"] != "header" || brought.contains(&name), "{name}");
                }
                for answer in operation["responses"].as_object().unwrap().values() {
                    for name in answer["headers"].as_object().into_iter().flatten().map(|(name, _)| name) {
                        assert!(read.contains(&name.to_lowercase()), "{name}");
                    }
                }
            }
        }
    }
}
