//! A client may make only so many requests of each class (ADR-044).

use jangteo_test_services::RedisServer;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Api, PASSWORD, Person, Reply, Server, next};

const ON: (&str, &str) = ("JANGTEO__RATE_LIMIT__ENABLED", "true");
const FEW_READS: (&str, &str) = ("JANGTEO__RATE_LIMIT__READS", "3/1m");
const FEW_WRITES: (&str, &str) = ("JANGTEO__RATE_LIMIT__WRITES", "3/1m");
const FEW_CREDENTIALS: (&str, &str) = ("JANGTEO__RATE_LIMIT__CREDENTIALS", "6/1m");
const A_PROXY: (&str, &str) = ("JANGTEO__SERVER__TRUSTED_PROXIES", "127.0.0.0/8");

fn limited(settings: &[(&str, &str)]) -> Server {
    Server::with(&[&[ON], settings].concat())
}

/// What an answer tells of its class: how many requests are left, and for how many seconds.
fn told<'a>(reply: &'a Reply, class: &str) -> (u64, u64) {
    let text: &'a str =
        reply.header("ratelimit").unwrap_or_else(|| panic!("{}: no RateLimit", reply.request));
    let rest = text.strip_prefix(&format!("\"{class}\";r="));
    let (left, seconds) = rest.and_then(|rest| rest.split_once(";t=")).unwrap_or_else(|| panic!("{text}"));
    (left.parse().unwrap(), seconds.parse().unwrap())
}

#[track_caller]
fn has_left(reply: &Reply, class: &str, left: u64) {
    let (found, seconds) = told(reply, class);
    assert_eq!(found, left, "{}", reply.request);
    assert!((1..=60).contains(&seconds), "{seconds}");
}

/// That it is refused, with all that there is to say about it.
#[track_caller]
fn is_refused(reply: Reply, class: &str) {
    let refused = reply.is_problem(429, "rate-limited");
    has_left(&refused, class, 0);
    let (_, seconds) = told(&refused, class);
    assert_eq!(refused.header("retry-after"), Some(seconds.to_string().as_str()));
}

async fn from(api: &Api, address: &str, path: &str) -> Reply {
    api.get_with(path, "X-Forwarded-For", address).await
}

#[tokio::test]
async fn every_answer_tells_what_is_left_and_the_last_refuses() {
    let server = limited(&[FEW_READS]);
    let api = server.api();
    for left in (0..3).rev() {
        let reply = api.get("/products").await.is(200);
        assert_eq!(reply.header("ratelimit-policy"), Some("\"reads\";q=3;w=60"));
        has_left(&reply, "reads", left);
        assert_eq!(reply.header("retry-after"), None);
    }
    for path in ["/products", "/products/popular", "/users/me", "/products?limit=0", "/orders/x"] {
        let refused = api.get(path).await;
        assert_eq!(refused.header("ratelimit-policy"), Some("\"reads\";q=3;w=60"));
        is_refused(refused, "reads");
    }
    // Each class is counted apart, and what is refused is counted nowhere.
    has_left(&api.post("/orders", &json!({})).await.is(401), "writes", 1_199);
    has_left(&api.post("/auth/login", &json!({})).await.is(422), "credentials", 119);
    has_left(&api.get("/admin/audit").await.is(401), "reports", 9);
    let metrics = api.get("//metrics").await.is(200).text;
    for (class, refused) in [("reads", 5), ("writes", 0), ("credentials", 0), ("reports", 0)] {
        let line = format!("jangteo_rate_limited_requests_total{{class=\"{class}\"}} {refused}");
        assert!(metrics.lines().any(|found| found == line), "{line} is missing in\n{metrics}");
    }
}

#[tokio::test]
async fn whatever_the_answer_is_it_counts() {
    let server = limited(&[]);
    let (api, admin) = (server.api(), server.admin().await);
    let mug = admin.product("Mug", 1_000, 5).await;
    let path = format!("/products/{mug}");
    let tag = api.get(&path).await.is(200).tag();
    let replies = [
        api.get_with(&path, "If-None-Match", &tag).await.is(304),
        api.send(api.request(Method::HEAD, &path)).await.is(200),
        api.get("/products/x").await.is(404),
        api.get("/products?limit=0").await.is(422),
        api.get("/orders").await.is(401),
        api.get_with("/orders", "Authorization", "Bearer nonsense").await.is(401),
    ];
    for (left, reply) in (0..11_999).rev().zip(&replies) {
        has_left(reply, "reads", left);
    }
    has_left(&admin.raw("/products", "{").await.is(400), "writes", 1_198);
}

#[tokio::test]
async fn what_an_operator_asks_is_not_counted() {
    let server = limited(&[("JANGTEO__RATE_LIMIT__READS", "1/1m")]);
    let api = server.api();
    api.get("/products").await.is(200);
    is_refused(api.get("/products").await, "reads");
    for (path, status) in [
        ("//livez", 200),
        ("//readyz", 200),
        ("//metrics", 200),
        ("//openapi.json", 200),
        ("//docs/", 200),
        ("//problems/rate-limited", 200),
        ("//nowhere", 404),
    ] {
        let reply = api.get(path).await.is(status);
        assert_eq!((reply.header("ratelimit"), reply.header("ratelimit-policy")), (None, None), "{path}");
    }
    assert_eq!(api.delete("/products").await.is(405).header("ratelimit"), None);
}

#[tokio::test]
async fn people_behind_one_address_are_told_apart_by_their_log_ins() {
    let server = limited(&[FEW_READS, A_PROXY]);
    let (api, minji, jiwoo) = (server.api(), server.customer().await, server.customer().await);
    for path in ["/users/me", "/products", "/orders"] {
        minji.get(path).await.is(200);
    }
    is_refused(minji.get("/products").await, "reads");
    // From everywhere, and with every token of that log-in.
    is_refused(from(&minji, "198.51.100.7", "/users/me").await, "reads");
    let refreshed = api.post("/auth/refresh", &json!({ "refreshToken": minji.refresh_token })).await.is(200);
    let minji_again = api.with_token(refreshed.body["accessToken"].as_str().unwrap());
    is_refused(minji_again.get("/users/me").await, "reads");
    for left in (0..3).rev() {
        has_left(&jiwoo.get("/users/me").await.is(200), "reads", left);
        has_left(&api.get("/products").await.is(200), "reads", left);
    }
    is_refused(api.get("/products").await, "reads");
    is_refused(jiwoo.get("/users/me").await, "reads");
}

/// Forged, unsigned or expired: a token that does not hold is nobody's.
#[tokio::test]
async fn bad_tokens_count_to_whoever_sends_them() {
    let server = limited(&[FEW_READS, A_PROXY, ("JANGTEO__SESSIONS__ACCESS_LIFETIME", "1s")]);
    let minji = server.customer().await;
    let expired = minji.access_token.clone();
    // No clock of the server can be set from here, so this waits for the second to pass, and asks as somebody else each time.
    while from(&minji, &format!("2001:db8:0:{:x}::1", next()), "/users/me").await.status != 401 {}
    let forged = format!("{}x", minji.access_token);
    let api = server.api();
    for token in [expired.as_str(), &forged, "nonsense"] {
        let reply = api.with_token(token).get("/users/me").await;
        reply.is_problem(401, "unauthenticated");
    }
    for token in [expired.as_str(), &forged, "more nonsense"] {
        is_refused(api.with_token(token).get("/users/me").await, "reads");
    }
    is_refused(api.get("/products").await, "reads");
    from(&api, "198.51.100.7", "/products").await.is(200);
}

/// Whoever has a copy of its token can use up that log-in's requests, and nobody else's.
#[tokio::test]
async fn the_token_of_a_log_in_that_has_ended_counts_for_itself() {
    let server = limited(&[FEW_READS]);
    let (api, minji) = (server.api(), server.customer().await);
    let log_in = json!({ "email": minji.email, "password": PASSWORD });
    let tokens = api.post("/auth/login", &log_in).await.is(200).body;
    let stolen = api.with_token(tokens["accessToken"].as_str().unwrap());
    api.post("/auth/logout", &json!({ "refreshToken": tokens["refreshToken"] })).await.is(204);
    for _ in 0..3 {
        stolen.get("/users/me").await.is(401);
    }
    is_refused(stolen.get("/users/me").await, "reads");
    has_left(&minji.get("/users/me").await.is(200), "reads", 2);
    has_left(&api.get("/products").await.is(200), "reads", 2);
}

fn sign_up() -> Value {
    json!({ "email": format!("new-{}@example.com", next()), "password": PASSWORD, "name": "x" })
}

#[tokio::test]
async fn signing_up_and_logging_in_count_by_address_whatever_token_is_shown() {
    let server = limited(&[FEW_CREDENTIALS, A_PROXY]);
    let api = server.api();
    let [minji, jiwoo] = [api.sign_up().await, api.sign_up().await];
    let taken = json!({ "email": minji.email, "password": PASSWORD, "name": "x" });
    has_left(&minji.post("/users", &taken).await.is_problem(409, "email-taken"), "credentials", 1);
    has_left(&jiwoo.post("/users", &json!({})).await.is(422), "credentials", 0);
    for somebody in [&api, &minji, &jiwoo] {
        is_refused(somebody.post("/users", &taken).await, "credentials");
        is_refused(somebody.post("/users", &sign_up()).await, "credentials");
        let log_in = json!({ "email": minji.email, "password": PASSWORD });
        is_refused(somebody.post("/auth/login", &log_in).await, "credentials");
    }
    // Somebody else, and what only whoever is logged in can do.
    let request = api.request(Method::POST, "/users").header("X-Forwarded-For", "198.51.100.7");
    has_left(&api.send(request.json(&sign_up())).await.is(201), "credentials", 5);
    let change = json!({ "currentPassword": PASSWORD, "newPassword": "another horse battery" });
    for (person, left) in [(&minji, 5), (&jiwoo, 5), (&minji, 4)] {
        let reply = person.post("/users/me/password", &change).await;
        has_left(&reply, "credentials", left);
    }
}

async fn guess(person: &Api, password: &str) -> Reply {
    let change = json!({ "currentPassword": password, "newPassword": "another horse battery" });
    person.post("/users/me/password", &change).await
}

#[tokio::test]
async fn guessing_a_password_by_changing_it_is_throttled_like_guessing_it_at_the_door() {
    let server = limited(&[]);
    let (api, minji) = (server.api(), server.customer().await);
    let log_in = json!({ "email": minji.email, "password": PASSWORD });
    let tokens = api.post("/auth/login", &log_in).await.is(200).body;
    let thief = api.with_token(tokens["accessToken"].as_str().unwrap());
    // One of them can be no password at all.
    guess(&thief, "").await;
    for _ in 0..10 {
        guess(&thief, "wrong horse battery").await;
    }
    for person in [&thief, &*minji] {
        let refused = guess(person, PASSWORD).await.is_problem(429, "rate-limited");
        let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=30).contains(&seconds), "{seconds}");
    }
    // Who holds a token cannot keep the owner from logging in with the password.
    api.post("/auth/login", &log_in).await.is(200);
}

#[tokio::test]
async fn continuing_and_ending_a_log_in_count_as_writes() {
    let server = limited(&[FEW_WRITES]);
    let (api, minji) = (server.api(), server.customer().await);
    let nobodys = json!({ "refreshToken": "x".repeat(43) });
    for left in (0..3).rev() {
        has_left(&api.post("/auth/refresh", &nobodys).await.is(401), "writes", left);
    }
    is_refused(api.post("/auth/refresh", &nobodys).await, "writes");
    is_refused(api.post("/auth/logout", &nobodys).await, "writes");
    // Whoever is logged in is not kept from it by others at their address.
    let refresh = json!({ "refreshToken": minji.refresh_token });
    minji.post("/auth/refresh", &refresh).await.is(200);
}

#[tokio::test]
async fn an_address_is_that_of_whoever_a_trusted_proxy_names() {
    let server = limited(&[FEW_READS, A_PROXY]);
    let api = server.api();
    for address in ["198.51.100.1", "203.0.113.9, 198.51.100.1", "::ffff:198.51.100.1"] {
        from(&api, address, "/products").await.is(200);
    }
    is_refused(from(&api, "198.51.100.1", "/products").await, "reads");
    // One network of 64 bits is one client.
    for address in ["2001:db8::1", "2001:db8::2", "[2001:db8::ffff:1]:443"] {
        from(&api, address, "/products").await.is(200);
    }
    is_refused(from(&api, "2001:db8::3", "/products").await, "reads");
    for other in ["198.51.100.2", "2001:db8:0:1::1"] {
        has_left(&from(&api, other, "/products").await.is(200), "reads", 2);
    }
    // Nobody else chooses their address.
    let server = limited(&[FEW_READS]);
    let api = server.api();
    for n in 0..3 {
        from(&api, &format!("198.51.100.{n}"), "/products").await.is(200);
    }
    is_refused(from(&api, "198.51.100.9", "/products").await, "reads");
}

#[tokio::test]
async fn a_window_ends_when_it_was_told() {
    let server = limited(&[("JANGTEO__RATE_LIMIT__READS", "2/1s")]);
    let api = server.api();
    let mut reply = api.get("/products").await;
    while reply.status == 200 {
        assert_eq!(told(&reply, "reads").1, 1);
        reply = api.get("/products").await;
    }
    is_refused(reply.clone(), "reads");
    // No clock of the server can be set from here, so this waits for the second to pass, however long that takes.
    while reply.status == 429 {
        reply = api.get("/products").await;
    }
    has_left(&reply.is(200), "reads", 1);
}

#[tokio::test]
async fn switched_off_nothing_is_counted_or_told() {
    let server = Server::with(&[FEW_READS, ("JANGTEO__RATE_LIMIT__ENABLED", "false")]);
    let (api, minji) = (server.api(), server.customer().await);
    for _ in 0..5 {
        for reply in [api.get("/products").await.is(200), minji.get("/users/me").await.is(200)] {
            assert_eq!((reply.header("ratelimit"), reply.header("ratelimit-policy")), (None, None));
        }
    }
    assert!(!api.get("//metrics").await.text.contains("rate_limited_requests_total"));
}

/// How many of so many requests are let through.
async fn passing(person: &Person, path: &str, times: u32) -> u32 {
    let mut passed = 0;
    for _ in 0..times {
        passed += u32::from(person.get(path).await.status == 200);
    }
    passed
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_with_redis_limit_together_and_each_for_itself_without() {
    let mut redis = RedisServer::start();
    let one = limited(&[("JANGTEO__RATE_LIMIT__READS", "64/1h"), ("JANGTEO__REDIS__URL", &redis.url())]);
    let other = one.another();
    let (here, there) = (one.api(), other.api());
    let (minji, jiwoo) = (one.customer().await, one.customer().await);
    for api in [&here, &there] {
        while !api.get("//readyz").await.is(200).body["degraded"].is_null() {}
    }
    let elsewhere = Person::at(&minji, &other);
    let passed = passing(&minji, "/users/me", 60).await + passing(&elsewhere, "/users/me", 60).await;
    // Each hands out four without asking, and what the first has drawn and not used is lost to the other.
    assert!((56..=68).contains(&passed), "{passed}");
    is_refused_for_an_hour(elsewhere.get("/users/me").await);
    let keys = redis.execute(&["KEYS", "jangteo:requests:*"]).unwrap();
    assert_eq!(keys.lines().count(), 1, "{keys}");
    assert!(keys.starts_with("jangteo:requests:reads:") && !keys.contains(&minji.id), "{keys}");

    redis.kill();
    assert_eq!(passing(&jiwoo, "/users/me", 70).await, 64);
    assert_eq!(passing(&Person::at(&jiwoo, &other), "/users/me", 70).await, 64);
    is_refused_for_an_hour(elsewhere.get("/users/me").await);
}

#[track_caller]
fn is_refused_for_an_hour(reply: Reply) {
    let refused = reply.is_problem(429, "rate-limited");
    let (left, seconds) = told(&refused, "reads");
    assert!(left == 0 && (3_000..=3_600).contains(&seconds), "{left} {seconds}");
}
