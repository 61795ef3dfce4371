//! What every answer tells a browser about how careful to be with it.

use std::time::Duration;

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Nothing is loaded, run, framed or sent from an answer. That is enough for JSON and for pages that are only text.
const NOTHING: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// What the browser of the document needs: its own files, pictures within its style sheet, and calls to this server.
pub(crate) const OWN_FILES: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The headers that are the same for every answer of a server.
#[derive(Debug, Clone, Default)]
pub(crate) struct SecurityHeaders {
    transport_security: Option<HeaderValue>,
}

impl SecurityHeaders {
    /// With TLS, browsers are told to insist on it for so long; zero is not at all.
    pub(crate) fn new(tls: bool, hsts_max_age: Duration) -> Self {
        let value = format!("max-age={}; includeSubDomains", hsts_max_age.as_secs());
        let sent = tls && !hsts_max_age.is_zero();
        Self { transport_security: HeaderValue::from_str(&value).ok().filter(|_| sent) }
    }

    /// Puts them into an answer. One that has a content policy keeps it.
    pub(crate) fn complete(&self, headers: &mut HeaderMap) {
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
        if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
            headers.insert(header::CONTENT_SECURITY_POLICY, NOTHING);
        }
        if let Some(value) = &self.transport_security {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, value.clone());
        }
    }
}
