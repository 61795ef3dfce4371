//! A client.

use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

use super::Reply;

/// A number that this process has not used before, for keys and addresses.
pub(crate) fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Calls the API, as somebody or as nobody. Paths begin after `/api/v1`, unless they begin with `//`, which is the root.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    client: Client,
    url: String,
    token: Option<String>,
}

impl Api {
    pub(crate) fn new(url: &str) -> Self {
        // A proxy of the environment is none of the tests' business.
        let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        Self { client: client.expect("a client"), url: url.to_owned(), token: None }
    }

    /// The same client with this access token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same client of another server.
    pub(crate) fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = match path.strip_prefix('/') {
            Some(root) if root.starts_with('/') => format!("{}{root}", self.url),
            _ => format!("{}/api/v1{path}", self.url),
        };
        let request = self.client.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request that was put together by hand.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Reply {
        self.exchange(request).await.expect("an answer")
    }

    /// Sends a request to a server that may be gone; `None` if no whole answer has come.
    pub(crate) async fn try_send(&self, request: RequestBuilder) -> Option<Reply> {
        self.exchange(request).await.ok()
    }

    async fn exchange(&self, request: RequestBuilder) -> reqwest::Result<Reply> {
        let request = request.build().expect("a request");
        let name = format!("{} {}", request.method(), request.url());
        Reply::read(name, self.client.execute(request).await?).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn get_with(&self, path: &str, header: &str, value: &str) -> Reply {
        self.send(self.request(Method::GET, path).header(header, value)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::PATCH, path).json(body)).await
    }

    pub(crate) async fn patch_if(&self, path: &str, tag: &str, body: &Value) -> Reply {
        self.send(self.request(Method::PATCH, path).header("If-Match", tag).json(body)).await
    }

    /// A POST with an idempotency key.
    pub(crate) async fn keyed(&self, path: &str, key: &str, body: &Value) -> Reply {
        self.send(self.request(Method::POST, path).header("Idempotency-Key", key).json(body)).await
    }

    /// A POST with an idempotency key of its own.
    pub(crate) async fn once(&self, path: &str, body: &Value) -> Reply {
        self.keyed(path, &format!("key-{}", next()), body).await
    }

    /// A POST with an idempotency key, and with neither a body nor a kind of one.
    pub(crate) async fn keyed_bare(&self, path: &str, key: &str) -> Reply {
        self.send(self.request(Method::POST, path).header("Idempotency-Key", key)).await
    }

    /// A POST of these bytes, with a key of its own.
    pub(crate) async fn raw(&self, path: &str, body: impl Into<reqwest::Body>) -> Reply {
        let request = self.request(Method::POST, path).header("Idempotency-Key", format!("key-{}", next()));
        self.send(request.header("Content-Type", "application/json").body(body)).await
    }
}
