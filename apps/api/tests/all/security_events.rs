//! What whoever guards the shop is told, in the log that the server really writes (ADR-046, docs/security.md).

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{Api, PASSWORD, Reply, Server, next};

const EMAIL: &str = "telltale.guard@xylophon.example";
const WRONG: &str = "telltale wrong one";
const NEW: &str = "telltale new one";

/// A server that tells what programs can read, and lets two log-ins to an account fail.
fn watched() -> Server {
    Server::with(&[
        ("JANGTEO__LOG__FORMAT", "json"),
        ("JANGTEO__RATE_LIMIT__ENABLED", "true"),
        ("JANGTEO__RATE_LIMIT__LOGIN_FAILURES_PER_ACCOUNT", "2"),
    ])
}

/// Every security event of the log, in order.
fn events(server: &Server) -> Vec<Value> {
    let log = server.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["target"] == "security").collect()
}

/// The answer to a request, and what is told of it: each event without the time, the request and the target.
async fn told(server: &Server, api: &Api, request: RequestBuilder) -> (Reply, Vec<Value>) {
    let trace = format!("{:032x}", next());
    let reply = api.send(request.header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"))).await;
    let of_it = events(server).into_iter().filter(|event| event["span"]["trace_id"] == trace);
    let bare = of_it.map(|mut event| {
        let fields = event.as_object_mut().unwrap();
        let known = ["timestamp", "span", "target"].map(|field| fields.remove(field));
        assert!(known.iter().all(Option::is_some), "{known:?}");
        event
    });
    (reply, bare.collect())
}

async fn log_in(server: &Server, email: &str, password: &str) -> (Reply, Value) {
    let api = server.api();
    let body = json!({ "email": email, "password": password });
    let (reply, events) = told(server, &api, api.request(Method::POST, "/auth/login").json(&body)).await;
    assert_eq!(events.len(), 1, "{events:?}");
    (reply, events[0].clone())
}

#[tokio::test]
async fn log_ins_are_told_by_names_that_tell_nobody() {
    let server = watched();
    let api = server.api();
    let sign_up =
        json!({ "email": EMAIL, "password": PASSWORD, "name": "Xylophonia", "phone": "010-7788-9911" });
    let id = api.post("/users", &sign_up).await.is(201).id().to_owned();

    let (reply, entered) = log_in(&server, EMAIL, PASSWORD).await;
    reply.is(200);
    let (account, client) = (&entered["account"], &entered["client"]);
    assert!(account.as_str().unwrap().starts_with("log-in-account:"), "{entered}");
    assert!(client.as_str().unwrap().starts_with("log-in-address:"), "{entered}");
    let event = |name: &str, account: &Value| json!({ "level": "WARN", "event": name, "account": account, "client": client });
    let logged_in =
        json!({ "level": "INFO", "event": "logged-in", "user": id, "account": account, "client": client });
    assert_eq!(entered, logged_in);

    // However the address is written, the account has one name.
    for email in [EMAIL, &EMAIL.to_uppercase()] {
        let (reply, failed) = log_in(&server, email, WRONG).await;
        reply.is(401);
        assert_eq!(failed, event("log-in-failed", account));
    }
    for password in [WRONG, PASSWORD] {
        let (reply, throttled) = log_in(&server, EMAIL, password).await;
        reply.is(429);
        assert_eq!(throttled, event("log-in-throttled", account));
    }
    // An account that is not there is told in the same way, and what is no address without an account.
    let (reply, nobody) = log_in(&server, "nobody@xylophon.example", WRONG).await;
    reply.is(401);
    assert_eq!(nobody, event("log-in-failed", &nobody["account"]));
    assert_ne!(&nobody["account"], account);
    let (reply, no_address) = log_in(&server, "telltale", WRONG).await;
    reply.is(401);
    assert_eq!(no_address, json!({ "level": "WARN", "event": "log-in-failed", "client": client }));
    nothing_is_told(&server, &[]);
}

#[tokio::test]
async fn misuse_of_a_log_in_is_told_with_its_user() {
    let server = watched();
    let (admin, minji, jiwoo) = (server.admin().await, server.customer().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 5).await;
    let order = minji.order(&[(&mug, 1)]).await.is(201).id().to_owned();
    jiwoo.charge(1_000).await;
    let own = jiwoo.order(&[(&mug, 1)]).await.is(201);
    let paid = jiwoo.pay(own.id()).await.is(201);
    let lines = json!([{ "orderItemId": own.items()[0]["id"], "quantity": 1, "restock": false }]);
    let kept = json!({ "paymentId": paid.id(), "reason": "broken", "items": lines });
    let kept_out = json!({ "level": "WARN", "event": "access-refused", "user": jiwoo.id });
    let cup = json!({ "name": "Cup", "price": { "amount": 1, "currency": "KRW" }, "stock": 1 });
    for (request, status) in [
        (jiwoo.request(Method::GET, "/admin/users"), 403),
        (jiwoo.request(Method::POST, "/products").json(&cup), 403),
        (jiwoo.request(Method::POST, "/refunds/preview").json(&kept), 403),
        (jiwoo.request(Method::GET, &format!("/orders/{order}")), 404),
        (jiwoo.request(Method::GET, &format!("/users/{}/points", minji.id)), 404),
    ] {
        let (reply, events) = told(&server, &jiwoo, request).await;
        reply.is(status);
        assert_eq!(events, std::slice::from_ref(&kept_out));
    }
    // What nobody has, and what is one's own, is no misuse.
    for path in [format!("/orders/{}", jiwoo.id), "/users/me".to_owned()] {
        assert_eq!(told(&server, &jiwoo, jiwoo.request(Method::GET, &path)).await.1, Vec::<Value>::new());
    }

    let change = |current: &str| {
        let body = json!({ "currentPassword": current, "newPassword": NEW });
        minji.request(Method::POST, "/users/me/password").json(&body)
    };
    let long = "x".repeat(1_025);
    for (current, status, level, name) in [
        (WRONG, 401, "WARN", "password-not-changed"),
        (PASSWORD, 204, "INFO", "password-changed"),
        (WRONG, 401, "WARN", "password-not-changed"),
        (&long, 401, "WARN", "password-not-changed"),
        (NEW, 429, "WARN", "password-throttled"),
    ] {
        let (reply, events) = told(&server, &minji, change(current)).await;
        reply.is(status);
        assert_eq!(events, [json!({ "level": level, "event": name, "user": minji.id })]);
    }

    let shown = json!({ "refreshToken": minji.refresh_token });
    let refresh = || minji.request(Method::POST, "/auth/refresh").json(&shown);
    let (renewed, events) = told(&server, &minji, refresh()).await;
    assert_eq!(events, Vec::<Value>::new());
    let (reply, events) = told(&server, &minji, refresh()).await;
    reply.is(401);
    let client = &events[0]["client"];
    assert!(client.as_str().unwrap().starts_with("log-in-address:"), "{client}");
    let reused =
        json!({ "level": "WARN", "event": "refresh-token-reused", "user": minji.id, "client": client });
    assert_eq!(events, [reused]);
    // The log-in has ended; another try is just an old token.
    assert_eq!(told(&server, &minji, refresh()).await.1, Vec::<Value>::new());
    let renewed = renewed.is(200);
    let tokens = ["accessToken", "refreshToken"].map(|token| renewed.body[token].as_str().unwrap());
    nothing_is_told(
        &server,
        &[&minji.email, &minji.access_token, &minji.refresh_token, tokens[0], tokens[1]],
    );
}

#[tokio::test]
async fn a_new_key_of_personal_data_is_told_by_the_servers_that_hear_of_it() {
    let server = watched();
    assert_eq!(server.run(&["keys", "rotate"], "").status.code(), Some(0));
    let heard = timeout(Duration::from_mins(1), async {
        loop {
            if let [event] = events(&server).as_slice() {
                return event.clone();
            }
            server.api().get("//livez").await.is(200);
        }
    });
    let event = heard.await.expect("the server hears of it");
    assert_eq!(
        (&event["event"], &event["level"], &event["before"], &event["current"]),
        (&json!("field-key-changed"), &json!("INFO"), &json!(1), &json!(2))
    );
}

/// That nothing of this is anywhere in the log, nor what somebody has entered.
fn nothing_is_told(server: &Server, more: &[&str]) {
    let log = server.log().to_lowercase();
    for secret in [EMAIL, "telltale", "xylophon", "7788-9911", PASSWORD, "127.0.0.1:"].iter().chain(more) {
        // The server's own address is told at its start.
        let told = log.lines().filter(|line| !line.contains("\"serving\""));
        assert_eq!(
            told.filter(|line| line.contains(&secret.to_lowercase())).count(),
            0,
            "{secret} is in the log"
        );
    }
}
