//! A request that can be sent again.

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::support::{Person, next};

#[derive(Debug, Clone)]
pub(super) struct Request {
    method: Method,
    pub(super) path: String,
    key: Option<String>,
    body: Option<Value>,
    by_admin: bool,
}

impl Request {
    /// A POST under a key of its own.
    pub(super) fn keyed(path: &str, body: impl Into<Option<Value>>) -> Self {
        let key = Some(format!("crash-{}", next()));
        Self { method: Method::POST, path: path.to_owned(), key, body: body.into(), by_admin: false }
    }

    /// One that may take effect as often as it likes.
    pub(super) fn without_key(method: Method, path: &str, body: impl Into<Option<Value>>) -> Self {
        Self { method, path: path.to_owned(), key: None, body: body.into(), by_admin: false }
    }

    /// The same, sent by an administrator.
    pub(super) fn by_admin(self) -> Self {
        Self { by_admin: true, ..self }
    }

    /// Whether it is answered the same, however often it is sent.
    pub(super) fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Who sends it.
    pub(super) fn sender<'a>(&self, customer: &'a Person, admin: &'a Person) -> &'a Person {
        if self.by_admin { admin } else { customer }
    }

    pub(super) fn build(&self, sender: &Person) -> RequestBuilder {
        let mut request = sender.request(self.method.clone(), &self.path);
        if let Some(key) = &self.key {
            request = request.header("Idempotency-Key", key);
        }
        match &self.body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    /// A field of the body.
    pub(super) fn amount(&self, pointer: &str) -> Option<i64> {
        self.body.as_ref()?.pointer(pointer)?.as_i64()
    }
}
