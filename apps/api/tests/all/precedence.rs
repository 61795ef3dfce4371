//! Of several things that are wrong with a request, the first in the promised order is told:
//! 429, 401, 403, 415, 413, 400 for the key, 400 for the JSON, 422, 404, 409.

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::support::{Api, Server};

const HUGE: usize = 64 * 1024 + 1;

/// A stock adjustment with everything wrong that comes after the caller.
fn all_wrong(api: &Api) -> RequestBuilder {
    api.request(Method::POST, "/products/x/stock-adjustments")
        .header("Content-Type", "text/plain")
        .body(vec![b'{'; HUGE])
}

#[tokio::test]
async fn nobody_comes_first_and_the_wrong_role_second() {
    let server = Server::start();
    let minji = server.customer().await;
    let nobody = server.api();
    nobody.send(all_wrong(&nobody)).await.is_problem(401, "unauthenticated");
    minji.send(all_wrong(&minji)).await.is_problem(403, "forbidden");
    for (method, path) in [
        (Method::POST, "/products"),
        (Method::PATCH, "/products/x"),
        (Method::POST, "/coupons"),
        (Method::POST, "/products/x/stock-adjustments"),
        (Method::POST, "/users/me/points/grants"),
        (Method::GET, "/admin/audit"),
        (Method::GET, "/admin/orders?limit=0"),
        (Method::GET, "/admin/users?nonsense"),
    ] {
        nobody.send(nobody.request(method.clone(), path)).await.is_problem(401, "unauthenticated");
        minji.send(minji.request(method, path)).await.is_problem(403, "forbidden");
    }
    for (method, path) in [
        (Method::GET, "/users/me"),
        (Method::PATCH, "/users/me"),
        (Method::DELETE, "/users/me"),
        (Method::POST, "/users/me/password"),
        (Method::GET, "/users/me/points"),
        (Method::POST, "/users/x/points/charges"),
        (Method::GET, "/users/x/points/history?limit=x"),
        (Method::POST, "/orders"),
        (Method::GET, "/orders?limit=x"),
        (Method::GET, "/orders/x"),
        (Method::POST, "/orders/x/cancel"),
        (Method::GET, "/orders/x/payments"),
        (Method::POST, "/payments"),
        (Method::POST, "/coupons/x/claims"),
        (Method::GET, "/users/me/coupons?limit=x"),
        (Method::GET, "/payments/x"),
        (Method::POST, "/payments/x/cancel"),
        (Method::GET, "/payments/x/refunds?limit=x"),
        (Method::POST, "/refunds"),
        (Method::POST, "/refunds/preview"),
        (Method::GET, "/refunds/x"),
    ] {
        nobody.send(nobody.request(method, path)).await.is_problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn then_the_kind_of_body_its_size_the_key_the_json_the_fields_the_thing_and_its_state() {
    let server = Server::start();
    let admin = server.admin().await;
    let mug = admin.product("Mug", 1_000, 1).await;
    let unknown = "/products/x/stock-adjustments";
    let json = |path: &str| admin.request(Method::POST, path).header("Content-Type", "application/json");
    let keyed = |path: &str| json(path).header("Idempotency-Key", "k");

    admin.send(all_wrong(&admin)).await.is_problem(415, "unsupported-media-type");
    admin.send(json(unknown).body(vec![b'{'; HUGE])).await.is_problem(413, "body-too-large");
    admin.send(json(unknown).body("{")).await.is_problem(400, "idempotency-key-required");
    let spaced = json(unknown).header("Idempotency-Key", "a b").body("{");
    admin.send(spaced).await.is_problem(400, "idempotency-key-invalid");
    admin.send(keyed(unknown).body("{")).await.is_problem(400, "malformed-request");
    admin.send(keyed(unknown).body("{}")).await.is_problem(422, "validation-failed");
    let below = json!({ "delta": -2, "reason": "lost" });
    admin.send(keyed(unknown).json(&below)).await.is_problem(404, "not-found");
    let path = format!("/products/{mug}/stock-adjustments");
    admin.send(keyed(&path).json(&below)).await.is_problem(409, "out-of-stock");
    // None of the refusals has used the key up.
    admin.send(keyed(&path).json(&json!({ "delta": 2, "reason": "found" }))).await.is(201);
}

#[tokio::test]
async fn a_precondition_comes_after_the_thing() {
    let server = Server::start();
    let admin = server.admin().await;
    admin.patch_if("/products/x", "\"9.9\"", &json!({ "name": 1 })).await.is_invalid(&["/name"]);
    admin.patch_if("/products/x", "\"9.9\"", &json!({ "name": "x" })).await.is_problem(404, "not-found");
}

#[tokio::test]
async fn the_query_comes_before_the_thing() {
    let server = Server::start();
    let minji = server.customer().await;
    minji.get("/users/x/points/history?limit=0").await.is_invalid(&["/limit"]);
    minji.get("/users/x/points/history").await.is_problem(404, "not-found");
    minji.get("/orders/x?verbose=1").await.is_invalid(&["/verbose"]);
    minji.get("/orders/x").await.is_problem(404, "not-found");
}
