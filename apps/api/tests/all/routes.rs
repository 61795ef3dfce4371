//! What is served, and what the document says is served.

use reqwest::Method;
use serde_json::Value;

use crate::support::Server;

const METHODS: [Method; 9] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
    Method::TRACE,
    Method::CONNECT,
];

#[tokio::test]
async fn every_address_has_the_methods_of_the_document_and_names_them() {
    let server = Server::start();
    let api = server.api();
    let document = api.get("//openapi.json").await.is(200).body;
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 24, "{}", paths.len());
    for (path, item) in paths {
        let mut has: Vec<String> =
            item.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
        if has.contains(&"GET".to_owned()) {
            has.push("HEAD".to_owned());
        }
        has.sort_unstable();
        let address =
            format!("/{}", path.replace("{code}", "not-found").replace("{id}", "x").replace("{userId}", "x"));
        for method in METHODS.iter().filter(|method| **method != Method::CONNECT) {
            let reply = api.send(api.request(method.clone(), &address)).await;
            if has.iter().any(|known| known == method.as_str()) {
                assert_ne!(reply.status, 405, "{method} {path}");
                assert!(reply.status < 500, "{method} {path}");
            } else {
                // The answer to a HEAD is its head.
                let refused = if *method == Method::HEAD {
                    reply.is(405)
                } else {
                    reply.is_problem(405, "method-not-allowed")
                };
                assert_eq!(refused.header("allow"), Some(has.join(", ").as_str()), "{method} {path}");
            }
        }
    }
    for path in ["//openapi.json", "//docs", "//docs/", "//docs/index.html"] {
        let refused = api.send(api.request(Method::POST, path)).await.is_problem(405, "method-not-allowed");
        assert_eq!(refused.header("allow"), Some("GET, HEAD"));
    }
}

#[tokio::test]
async fn every_code_of_the_document_has_a_page() {
    let server = Server::start();
    let api = server.api();
    let document = api.get("//openapi.json").await.is(200);
    let mut codes: Vec<String> = Vec::new();
    let mut pending = vec![&document.body];
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(kind)) = fields.get("type")
                    && let Some(code) = kind.strip_prefix("/problems/")
                {
                    codes.push(code.to_owned());
                }
                pending.extend(fields.values());
            }
            Value::Array(items) => pending.extend(items),
            _ => {}
        }
    }
    codes.sort_unstable();
    codes.dedup();
    assert!(codes.len() >= 25, "{codes:?}");
    for code in codes {
        let page = api.get(&format!("//problems/{code}")).await.is(200);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(page.text.contains(&format!("<code>{code}</code>")), "{}", page.text);
    }
    api.get("//problems/no-such-code").await.is_problem(404, "not-found");
    api.get("//problems/").await.is_problem(404, "not-found");
}

#[tokio::test]
async fn the_document_is_browsable() {
    let server = Server::start();
    let api = server.api();
    let moved = api.get("//docs").await.is(308);
    assert_eq!(moved.header("location"), Some("/docs/"));
    let page = api.get("//docs/").await.is(200);
    assert!(page.text.contains("swagger-ui"));
    let script = api.get("//docs/swagger-initializer.js").await.is(200);
    assert!(script.text.contains("/openapi.json"), "{}", script.text);
    for file in ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "index.css"] {
        api.get(&format!("//docs/{file}")).await.is(200);
    }
    for file in ["nothing.js", "../Cargo.toml", "%2e%2e/Cargo.toml"] {
        api.get(&format!("//docs/{file}")).await.is_problem(404, "not-found");
    }
}

#[tokio::test]
async fn a_healthy_server_says_so() {
    let server = Server::start();
    for path in ["//livez", "//readyz"] {
        let well = server.api().get(path).await.is(200);
        assert_eq!(well.body, serde_json::json!({ "status": "ok" }));
    }
}
