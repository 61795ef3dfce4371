//! An answer, read to its end.

use std::collections::BTreeMap;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

/// What the server answered.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// The request, for messages.
    pub(crate) request: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// The body as JSON; null if it is none.
    pub(crate) body: Value,
}

/// How many answers had each status and code.
pub(crate) fn counted(replies: &[Reply]) -> BTreeMap<(u16, &str), usize> {
    let mut counts = BTreeMap::new();
    for reply in replies {
        *counts.entry((reply.status, reply.body["code"].as_str().unwrap_or_default())).or_default() += 1;
    }
    counts
}

impl Reply {
    /// Fails if the answer ends too early.
    pub(crate) async fn read(request: String, answer: reqwest::Response) -> reqwest::Result<Self> {
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await?;
        let body = serde_json::from_str(&text).unwrap_or_default();
        Ok(Self { request, status, headers, text, body })
    }

    /// The answer that a head and a body make.
    pub(crate) fn of(request: String, head: &str, text: String) -> Self {
        let (first, fields) = head.split_once("\r\n").unwrap_or((head, ""));
        let field = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            Some((name.parse::<HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?))
        };
        Self {
            request,
            status: first.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status"),
            headers: fields.lines().filter_map(field).collect(),
            body: serde_json::from_str(&text).unwrap_or_default(),
            text,
        }
    }

    /// The answer, which has this status.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text);
        self
    }

    /// The answer, which is a problem of this kind, in the promised form.
    #[track_caller]
    pub(crate) fn is_problem(self, status: u16, code: &str) -> Self {
        assert_eq!(
            (self.status, self.body["code"].as_str()),
            (status, Some(code)),
            "{}: {}",
            self.request,
            self.text
        );
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.body["type"], format!("/problems/{code}"));
        assert_eq!(self.body["status"], status);
        for field in ["title", "detail", "traceId"] {
            assert!(self.body[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {}", self.text);
        }
        assert_eq!(self.body["traceId"].as_str().map(str::len), Some(32));
        assert!(self.header("x-request-id").is_some());
        self
    }

    /// The answer, which is a 422 with faults at exactly these pointers.
    #[track_caller]
    pub(crate) fn is_invalid(self, pointers: &[&str]) -> Self {
        let reply = self.is_problem(422, "validation-failed");
        let mut found: Vec<&str> = reply.pointers();
        found.sort_unstable();
        let mut wanted = pointers.to_vec();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{}: {}", reply.request, reply.text);
        reply
    }

    pub(crate) fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        errors.iter().map(|error| error["pointer"].as_str().expect("a pointer")).collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }

    /// The `ETag`.
    #[track_caller]
    pub(crate) fn tag(&self) -> String {
        self.header("etag").unwrap_or_else(|| panic!("{} has no ETag", self.request)).to_owned()
    }

    /// The `id` of the body.
    #[track_caller]
    pub(crate) fn id(&self) -> &str {
        self.body["id"].as_str().unwrap_or_else(|| panic!("no id in {}", self.text))
    }

    /// The `items` of a page.
    #[track_caller]
    pub(crate) fn items(&self) -> &[Value] {
        self.body["items"].as_array().unwrap_or_else(|| panic!("no items in {}", self.text))
    }
}
