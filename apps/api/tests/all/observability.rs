//! Request ids, traces, headers and logs.

use serde_json::{Value, json};

use crate::support::{PASSWORD, Server, Wire};

#[tokio::test]
async fn every_answer_carries_a_request_id() {
    let server = Server::start();
    let api = server.api();
    for path in
        ["/products", "/users/me", "//nowhere", "//livez", "/products/x", "/products?limit=0", "//docs"]
    {
        let own = api.get_with(path, "X-Request-Id", "my.request_ID-1").await;
        assert_eq!(own.header("x-request-id"), Some("my.request_ID-1"), "{path}");
        let made = api.get(path).await;
        let id = made.header("x-request-id").unwrap().to_owned();
        assert_eq!((id.len(), id.as_bytes()[14]), (36, b'7'), "{id}");
        for insane in ["a b", "a\"b", "{}", &"x".repeat(129)] {
            let replaced = api.get_with(path, "X-Request-Id", insane).await;
            assert_ne!(replaced.header("x-request-id"), Some(insane), "{path}");
        }
        assert_eq!(made.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert!(made.header("cache-control").is_some(), "{path}");
    }
    let post = api.post("/products", &json!({})).await;
    assert!(post.header("x-request-id").is_some());
}

#[tokio::test]
async fn a_trace_of_the_client_is_continued() {
    let server = Server::with(&[("JANGTEO__LOG__FORMAT", "json")]);
    let api = server.api();
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let refused = api.get_with("//nowhere", "traceparent", &format!("00-{trace}-b7ad6b7169203331-01")).await;
    assert_eq!(refused.is_problem(404, "not-found").body["traceId"], trace);
    let made = api.get_with("//nowhere", "traceparent", "nonsense").await.is_problem(404, "not-found");
    assert_ne!(made.body["traceId"], trace);
    let log = server.log();
    let line = log.lines().find(|line| line.contains(trace)).expect("a line of the request");
    let line: Value = serde_json::from_str(line).expect("JSON");
    assert_eq!((&line["method"], &line["status"]), (&json!("GET"), &json!(404)));
}

#[tokio::test]
async fn logs_hold_no_personal_data_and_no_secrets() {
    for format in ["pretty", "json"] {
        let filter = "debug,hyper=info";
        let server = Server::with(&[("JANGTEO__LOG__FORMAT", format), ("JANGTEO__LOG__FILTER", filter)]);
        let (admin, minji) = (server.admin().await, server.customer().await);
        minji
            .patch("/users/me", &json!({ "name": "Kim Secretname", "phone": "010-5555-7777" }))
            .await
            .is(200);
        admin.get(&format!("/admin/users?email={}", minji.email)).await.is(200);
        minji.charge(1_000).await;
        minji
            .post("/auth/login", &json!({ "email": minji.email, "password": "wrong password" }))
            .await
            .is(401);
        minji.post("/auth/refresh", &json!({ "refreshToken": minji.refresh_token })).await.is(200);
        minji
            .post("/users", &json!({ "email": minji.email, "password": PASSWORD, "name": "x" }))
            .await
            .is(409);
        minji
            .post("/users", &json!({ "email": "not-an-address-at-all", "password": PASSWORD, "name": "x" }))
            .await
            .is(422);
        let log = server.log();
        assert!(log.contains("/api/v1/admin/users"), "the route is there");
        for secret in [
            minji.email.as_str(),
            "Secretname",
            "5555-7777",
            PASSWORD,
            "wrong password",
            &minji.access_token,
            &minji.refresh_token,
            "not-an-address-at-all",
            "argon2",
        ] {
            assert!(!log.contains(secret), "{secret} is in the log");
        }
    }
}

#[tokio::test]
async fn a_request_that_takes_too_long_ends_with_503() {
    let server = Server::with(&[
        ("JANGTEO__SERVER__REQUEST_TIMEOUT", "100ms"),
        ("JANGTEO__PASSWORDS__MEMORY_KIB", "65536"),
        ("JANGTEO__PASSWORDS__ITERATIONS", "20"),
    ]);
    let body = json!({ "email": "minji@example.com", "password": PASSWORD, "name": "x" });
    let late = server.api().post("/users", &body).await.is_problem(503, "unavailable");
    assert_eq!(late.header("retry-after"), Some("1"));
    server.api().get("/products").await.is(200);
}

#[tokio::test]
async fn a_draining_server_says_so_while_it_still_answers() {
    let delay = [("JANGTEO__SERVER__DRAIN_DELAY", "10m"), ("JANGTEO__SERVER__SHUTDOWN_TIMEOUT", "10m")];
    let refused = crate::support::run(&delay, &["config"]);
    assert_eq!(refused.status.code(), Some(2));
    let server = Server::with(&[("JANGTEO__SERVER__DRAIN_DELAY", "9m"), delay[1]]);
    server.api().get("//readyz").await.is(200);
    server.terminate();
    let mut ready = server.api().get("//readyz").await;
    while ready.status == 200 {
        ready = server.api().get("//readyz").await;
    }
    assert_eq!(ready.is(503).body, json!({ "status": "draining" }));
    server.api().get("//livez").await.is(200);
    server.api().get("/products").await.is(200);
}

#[tokio::test]
async fn a_draining_server_asks_its_clients_to_go_elsewhere() {
    let server =
        Server::with(&[("JANGTEO__SERVER__DRAIN_DELAY", "9m"), ("JANGTEO__SERVER__SHUTDOWN_TIMEOUT", "10m")]);
    let mut here = Wire::open(server.address()).await;
    assert_eq!(here.get("/api/v1/products").await.is(200).header("connection"), None);
    assert_eq!(here.get("/nowhere").await.is(404).header("connection"), None);
    server.terminate();
    while server.api().get("//readyz").await.status == 200 {}
    // What it asks is answered, and the connection ends with that.
    assert_eq!(here.get("/api/v1/products").await.is(200).header("connection"), Some("close"));
    assert_eq!(here.rest().await, "");
    let mut late = Wire::open(server.address()).await;
    assert_eq!(late.get("/nowhere").await.is(404).header("connection"), Some("close"));
    assert_eq!(late.rest().await, "");
}
