//! Pages of other origins: none may call, or those that are listed.

use reqwest::Method;
use serde_json::json;

use crate::support::{Api, PASSWORD, Reply, Server, run};

const SHOP: &str = "https://shop.example.com";
const LISTED: (&str, &str) =
    ("JANGTEO__SERVER__CORS__ORIGINS", "http://localhost:3000, https://shop.example.com");

async fn preflight(api: &Api, path: &str, origin: &str) -> Reply {
    let request = api.request(Method::OPTIONS, path).header("Origin", origin);
    let request = request.header("Access-Control-Request-Method", "POST");
    api.send(request.header("Access-Control-Request-Headers", "authorization,idempotency-key")).await
}

/// The names of the headers that are about origins.
fn about_origins(reply: &Reply) -> Vec<&str> {
    let names = reply.headers.keys().map(reqwest::header::HeaderName::as_str);
    let mut names: Vec<&str> =
        names.filter(|name| *name == "vary" || name.starts_with("access-control-")).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn by_default_no_page_of_another_origin_may_call() {
    let server = Server::start();
    let api = server.api();
    for origin in [SHOP, "null", "*", &server.url()] {
        let asked = preflight(&api, "/orders", origin).await.is_problem(405, "method-not-allowed");
        assert_eq!(asked.header("allow"), Some("GET, HEAD, POST"));
        assert!(about_origins(&asked).is_empty(), "{:?}", asked.headers);
        let read = api.get_with("/products", "Origin", origin).await.is(200);
        assert!(about_origins(&read).is_empty(), "{:?}", read.headers);
    }
}

#[tokio::test]
async fn a_listed_origin_may_call_everything_without_credentials_of_the_browser() {
    let server = Server::with(&[LISTED]);
    let api = server.api();
    for origin in [SHOP, "http://localhost:3000"] {
        for path in ["/orders", "/products/x", "//nowhere", "//openapi.json"] {
            let asked = preflight(&api, path, origin).await.is(204);
            assert_eq!(asked.header("access-control-allow-origin"), Some(origin));
            assert_eq!(asked.header("access-control-allow-methods"), Some("GET, HEAD, POST, PATCH, DELETE"));
            let allowed = asked.header("access-control-allow-headers").unwrap();
            for name in ["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"] {
                assert!(allowed.split(", ").any(|allowed| allowed == name), "{name}: {allowed}");
            }
            assert_eq!(asked.header("access-control-max-age"), Some("600"));
            assert_eq!(asked.header("vary"), Some("Origin"));
            assert_eq!(asked.header("access-control-allow-credentials"), None);
            assert!(
                asked.header("content-security-policy").is_some() && asked.header("x-request-id").is_some()
            );
        }
    }
    // What is answered can be read, whether it is good or bad.
    for (path, status) in [("/products", 200), ("/orders", 401), ("/products/x", 404), ("//nowhere", 404)] {
        let read = api.get_with(path, "Origin", SHOP).await.is(status);
        assert_eq!(read.header("access-control-allow-origin"), Some(SHOP), "{path}");
        let exposed = read.header("access-control-expose-headers").unwrap();
        for name in ["ETag", "Idempotency-Replayed", "Location", "Retry-After", "X-Request-Id"] {
            assert!(exposed.split(", ").any(|exposed| exposed == name), "{name}: {exposed}");
        }
        assert_eq!(read.header("vary"), Some("Origin"));
        assert_eq!(read.header("access-control-allow-credentials"), None);
    }
    // An OPTIONS that is no question of a browser is what it was.
    let request = api.request(Method::OPTIONS, "/orders").header("Origin", SHOP);
    let refused = api.send(request).await.is_problem(405, "method-not-allowed");
    assert_eq!(refused.header("access-control-allow-origin"), Some(SHOP));
}

#[tokio::test]
async fn an_answer_that_no_resource_has_made_can_be_read_too() {
    let server = Server::with(&[
        LISTED,
        ("JANGTEO__SERVER__REQUEST_TIMEOUT", "100ms"),
        ("JANGTEO__PASSWORDS__MEMORY_KIB", "65536"),
        ("JANGTEO__PASSWORDS__ITERATIONS", "20"),
    ]);
    let api = server.api();
    let body = json!({ "email": "minji@example.com", "password": PASSWORD, "name": "x" });
    let late = api.send(api.request(Method::POST, "/users").header("Origin", SHOP).json(&body)).await;
    assert_eq!(late.is(503).header("access-control-allow-origin"), Some(SHOP));
}

#[tokio::test]
async fn an_origin_that_is_not_listed_is_told_nothing() {
    let server = Server::with(&[LISTED]);
    let api = server.api();
    for origin in [
        "https://shop.example.com.evil.example",
        "https://evil.example",
        "http://shop.example.com",
        "https://shop.example.com:8443",
        "https://SHOP.example.com",
        "https://shop.example.com, https://evil.example",
        "null",
        "*",
        "",
    ] {
        let asked = preflight(&api, "/orders", origin).await.is_problem(405, "method-not-allowed");
        assert_eq!(about_origins(&asked), ["vary"], "{origin}");
        let read = api.get_with("/products", "Origin", origin).await.is(200);
        assert_eq!(about_origins(&read), ["vary"], "{origin}");
    }
    // A cache must not give a page with a listed origin an answer that was made for nobody.
    assert_eq!(about_origins(&api.get("/products").await), ["vary"]);
}

#[test]
fn what_is_no_origin_is_refused_by_name() {
    for bad in [
        "*",
        "null",
        "shop.example.com",
        "https://shop.example.com/",
        "https://shop.example.com,",
        "https://*.example.com",
    ] {
        let refused = run(&[("JANGTEO__SERVER__CORS__ORIGINS", bad)], &["config"]);
        assert_eq!(refused.status.code(), Some(2), "{bad}");
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(told.contains("server.cors.origins (from environment"), "{bad}: {told}");
    }
    let shown = run(&[LISTED], &["config"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(
        shown.contains("server.cors.origins = \"http://localhost:3000,https://shop.example.com\""),
        "{shown}"
    );
}
