//! What every answer tells a browser about how careful to be with it.

use reqwest::Method;
use serde_json::json;

use crate::support::{Api, PASSWORD, Reply, Server, money};

const TEXT_ONLY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Whatever the answer is.
fn is_careful(reply: &Reply, policy: &str) {
    for (name, value) in [
        ("content-security-policy", policy),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(reply.header(name), Some(value), "{} {name}", reply.request);
    }
    assert!(reply.header("cache-control").is_some() && reply.header("x-request-id").is_some());
    // Without TLS nothing is said about it, nor about origins where none is configured.
    for absent in ["strict-transport-security", "vary", "access-control-allow-origin"] {
        assert_eq!(reply.header(absent), None, "{} {absent}", reply.request);
    }
}

async fn ask(api: &Api, method: Method, path: &str) -> Reply {
    api.send(api.request(method, path)).await
}

#[tokio::test]
async fn every_answer_is_careful_whatever_it_is() {
    let server = Server::with(&[("JANGTEO__RATE_LIMIT__ENABLED", "true")]);
    let (api, admin) = (server.api(), server.admin().await);
    let body = json!({ "name": "Mug", "price": money(1_000), "stock": 1 });
    let made = admin.post("/products", &body).await.is(201);
    let mug = format!("/products/{}", made.id());
    let mut replies = vec![
        api.get(&mug).await.is(200),
        api.get_with(&mug, "If-None-Match", &made.tag()).await.is(304),
        ask(&api, Method::HEAD, &mug).await.is(200),
        api.get("/orders").await.is(401),
        api.get("/products/x").await.is(404),
        api.get("//nowhere").await.is(404),
        ask(&api, Method::HEAD, "//nowhere").await.is(404),
        ask(&api, Method::OPTIONS, &mug).await.is(405),
        ask(&api, Method::DELETE, "//docs/").await.is(405),
        admin.raw("/products", "{").await.is(400),
        admin.raw("/products", vec![b' '; 100_000]).await.is(413),
        admin.send(admin.request(Method::POST, "/products").body("{}")).await.is(415),
        admin.post("/products", &json!({})).await.is(422),
        admin.patch_if(&mug, "\"0.0\"", &json!({ "name": "Cup" })).await.is(412),
        api.get("//docs").await.is(308),
        made,
    ];
    for path in ["//livez", "//readyz", "//metrics", "//openapi.json", "//problems/not-found"] {
        replies.push(api.get(path).await.is(200));
    }
    let log_in = json!({ "email": "nobody@example.com", "password": PASSWORD });
    for _ in 0..10 {
        api.post("/auth/login", &log_in).await.is(401);
    }
    replies.push(api.post("/auth/login", &log_in).await.is(429));
    for reply in &replies {
        is_careful(reply, TEXT_ONLY);
    }
}

#[tokio::test]
async fn an_answer_that_no_resource_has_made_is_careful_too() {
    let server = Server::with(&[
        ("JANGTEO__SERVER__REQUEST_TIMEOUT", "100ms"),
        ("JANGTEO__PASSWORDS__MEMORY_KIB", "65536"),
        ("JANGTEO__PASSWORDS__ITERATIONS", "20"),
    ]);
    let body = json!({ "email": "minji@example.com", "password": PASSWORD, "name": "x" });
    is_careful(&server.api().post("/users", &body).await.is(503), TEXT_ONLY);
}

#[tokio::test]
async fn the_browser_of_the_document_runs_its_own_files_and_nothing_else() {
    let server = Server::start();
    let api = server.api();
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                  connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let page = api.get("//docs/").await.is(200);
    is_careful(&page, policy);
    // All that the page needs is a file of this server, and nothing stands in the page itself.
    let mut files = 0;
    for reference in page.text.split("src=\"").skip(1).chain(page.text.split("href=\"").skip(1)) {
        let file = reference.split('"').next().unwrap().trim_start_matches("./");
        api.get(&format!("//docs/{file}")).await.is(200);
        files += 1;
    }
    assert!(files >= 5, "{}", page.text);
    for script in page.text.split("<script").skip(1) {
        let (tag, rest) = script.split_once('>').unwrap();
        assert!(
            tag.contains("src=") && rest.split("</script>").next().unwrap().trim().is_empty(),
            "{script}"
        );
    }
    for inline in ["<style", "style=", "onload=", "onclick=", "javascript:"] {
        assert!(!page.text.contains(inline), "{inline}");
    }
    // It asks nobody else about the document.
    let script = api.get("//docs/swagger-initializer.js").await.is(200);
    assert!(script.text.contains("\"validatorUrl\": \"none\""), "{}", script.text);
    is_careful(&script, policy);
}

/// Neither a browser nor a proxy keeps it.
#[tokio::test]
async fn what_belongs_to_somebody_is_stored_nowhere() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    minji.charge(10_000).await;
    let mug = admin.product("Mug", 1_000, 5).await;
    let order = minji.order(&[(&mug, 1)]).await.is(201).id().to_owned();
    let paid = minji.pay(&order).await.is(201).id().to_owned();
    let mut paths = vec![
        (&minji, format!("/orders/{order}")),
        (&minji, format!("/payments/{paid}")),
        (&minji, format!("/orders/{order}/payments")),
    ];
    for path in ["/users/me", "/users/me/points", "/users/me/points/history", "/users/me/coupons", "/orders"]
    {
        paths.push((&minji, path.to_owned()));
    }
    for path in ["/admin/users", "/admin/orders", "/admin/audit"] {
        paths.push((&admin, path.to_owned()));
    }
    for (who, path) in paths {
        let reply = who.get(&path).await.is(200);
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
    }
}
