//! Failed log-ins are throttled, by account and by address.

use jangteo_test_services::RedisServer;
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Api, PASSWORD, Reply, Server, counted, next};

const WRONG: &str = "wrong horse battery";

/// A throttled server, with these settings besides.
fn throttled(more: &[(&str, &str)]) -> Server {
    let on = [("JANGTEO__RATE_LIMIT__ENABLED", "true")];
    Server::with(&[&on, more].concat())
}

async fn log_in(api: &Api, email: &str, password: &str) -> Reply {
    api.post("/auth/login", &json!({ "email": email, "password": password })).await
}

/// Logs in with a wrong password so many times.
async fn fail(api: &Api, email: &str, times: u32) {
    for _ in 0..times {
        log_in(api, email, WRONG).await.is_problem(401, "invalid-credentials");
    }
}

/// That it is refused, and for how many seconds.
fn pause(reply: Reply) -> u64 {
    let refused = reply.is_problem(429, "rate-limited");
    refused.header("retry-after").and_then(|seconds| seconds.parse().ok()).expect("a whole number")
}

#[tokio::test]
async fn ten_failures_pause_the_account_whether_it_is_there_or_not_and_no_other() {
    let server = throttled(&[]);
    let (api, minji, jiwoo) = (server.api(), server.customer().await, server.customer().await);
    for email in [minji.email.as_str(), "nobody@example.com"] {
        fail(&api, email, 10).await;
        // The right password, too: nothing is looked at.
        for password in [PASSWORD, WRONG, ""] {
            let left = pause(log_in(&api, email, password).await);
            assert!((1..=30).contains(&left), "{left}");
        }
        // However it is written.
        pause(log_in(&api, &email.to_uppercase(), PASSWORD).await);
    }
    let texts = ["nobody@example.com", &minji.email].map(|email| async { log_in(&api, email, WRONG).await });
    let [unknown, known] = texts;
    assert_eq!(unknown.await.body["detail"], known.await.body["detail"]);
    // Who is logged in stays so, and others log in as ever.
    minji.get("/users/me").await.is(200);
    let refresh = json!({ "refreshToken": minji.refresh_token });
    api.post("/auth/refresh", &refresh).await.is(200);
    for _ in 0..3 {
        log_in(&api, &jiwoo.email, PASSWORD).await.is(200);
    }
}

#[tokio::test]
async fn a_success_forgives_the_account() {
    let server = throttled(&[]);
    let (api, minji) = (server.api(), server.customer().await);
    for _ in 0..3 {
        fail(&api, &minji.email, 9).await;
        log_in(&api, &minji.email, PASSWORD).await.is(200);
    }
}

#[tokio::test]
async fn a_pause_ends_by_itself_and_the_owner_gets_in() {
    let server = throttled(&[
        ("JANGTEO__RATE_LIMIT__LOGIN_FAILURES_PER_ACCOUNT", "2"),
        ("JANGTEO__RATE_LIMIT__LOGIN_FIRST_PAUSE", "1s"),
        ("JANGTEO__RATE_LIMIT__LOGIN_LONGEST_PAUSE", "1s"),
    ]);
    let (api, minji) = (server.api(), server.customer().await);
    fail(&api, &minji.email, 2).await;
    let mut reply = log_in(&api, &minji.email, PASSWORD).await;
    assert_eq!(pause(reply.clone()), 1);
    // No clock of the server can be set from here, so this waits for the second to pass, however long that takes.
    while reply.status == 429 {
        reply = log_in(&api, &minji.email, PASSWORD).await;
    }
    reply.is(200);
}

#[tokio::test]
async fn an_address_is_paused_when_it_has_failed_at_many_accounts() {
    let server = throttled(&[("JANGTEO__RATE_LIMIT__LOGIN_FAILURES_PER_ADDRESS", "5")]);
    let (api, minji) = (server.api(), server.customer().await);
    // Successes and what is refused do not count.
    for _ in 0..6 {
        log_in(&api, &minji.email, PASSWORD).await.is(200);
    }
    for n in 0..4 {
        fail(&api, &format!("guess-{n}@example.com"), 1).await;
        log_in(&api, &minji.email, PASSWORD).await.is(200);
    }
    fail(&api, "no address", 1).await;
    for email in [minji.email.as_str(), "guess-9@example.com", "no address"] {
        assert!((1..=30).contains(&pause(log_in(&api, email, PASSWORD).await)));
    }
}

/// They are counted before they are computed.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_guesses_at_once_ten_are_looked_at() {
    let server = throttled(&[("JANGTEO__RATE_LIMIT__LOGIN_FAILURES_PER_ADDRESS", "1000")]);
    let minji = server.customer().await;
    let mut guesses = JoinSet::new();
    for _ in 0..100 {
        let (api, email) = (server.api(), minji.email.clone());
        guesses.spawn(async move { log_in(&api, &email, WRONG).await });
    }
    let replies = guesses.join_all().await;
    assert_eq!(counted(&replies), [((401, "invalid-credentials"), 10), ((429, "rate-limited"), 90)].into());
}

#[tokio::test]
async fn switched_off_nothing_is_throttled() {
    let server = Server::start();
    let (api, minji) = (server.api(), server.customer().await);
    fail(&api, &minji.email, 110).await;
    log_in(&api, &minji.email, PASSWORD).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_with_redis_count_together_and_go_on_without_it() {
    let mut redis = RedisServer::start();
    let one = throttled(&[("JANGTEO__REDIS__URL", &redis.url())]);
    let other = one.another();
    let (here, there, minji) = (one.api(), other.api(), one.customer().await);
    for api in [&here, &there] {
        while !api.get("//readyz").await.is(200).body["degraded"].is_null() {}
    }
    fail(&here, &minji.email, 5).await;
    fail(&there, &minji.email, 5).await;
    for api in [&here, &there] {
        pause(log_in(api, &minji.email, PASSWORD).await);
    }
    let keys = redis.execute(&["KEYS", "jangteo:count:*"]).unwrap();
    assert_eq!(keys.lines().count(), 2, "{keys}");
    assert!(!keys.contains('@') && !keys.contains("127.0.0.1"), "{keys}");

    // Each counts for itself, and from the beginning.
    redis.kill();
    fail(&here, &minji.email, 10).await;
    pause(log_in(&here, &minji.email, PASSWORD).await);
    log_in(&there, &minji.email, PASSWORD).await.is(200);
    redis.restart();
    while !here.get("//readyz").await.is(200).body["degraded"].is_null() {}
    log_in(&here, &minji.email, PASSWORD).await.is(200);
}

/// Logs in with a wrong password, with this in `X-Forwarded-For`, as somebody new.
async fn guess(api: &Api, forwarded: &str) -> Reply {
    let body = json!({ "email": format!("guess-{}@example.com", next()), "password": WRONG });
    let request = api.request(Method::POST, "/auth/login").header("X-Forwarded-For", forwarded);
    api.send(request.json(&body)).await
}

const THREE: (&str, &str) = ("JANGTEO__RATE_LIMIT__LOGIN_FAILURES_PER_ADDRESS", "3");

#[tokio::test]
async fn nobody_chooses_their_address() {
    for trusted in ["", "192.0.2.1,10.0.0.0/8"] {
        let server = throttled(&[THREE, ("JANGTEO__SERVER__TRUSTED_PROXIES", trusted)]);
        let api = server.api();
        for n in 0..3 {
            guess(&api, &format!("198.51.100.{n}")).await.is_problem(401, "invalid-credentials");
        }
        pause(guess(&api, "198.51.100.9").await);
        pause(guess(&api, "198.51.100.9, 10.0.0.1").await);
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_its_own_address() {
    let server = throttled(&[THREE, ("JANGTEO__SERVER__TRUSTED_PROXIES", "127.0.0.0/8, 192.0.2.1")]);
    let api = server.api();
    // Whatever the client wrote, the proxy has appended its address, and a second proxy that of the first.
    for written in ["198.51.100.1", "203.0.113.1, 198.51.100.1", "127.0.0.1, 198.51.100.1, 192.0.2.1"] {
        guess(&api, written).await.is_problem(401, "invalid-credentials");
    }
    pause(guess(&api, "198.51.100.1").await);
    pause(guess(&api, "203.0.113.7, 198.51.100.1:4711").await);
    // Another client, one of version 6, and the proxy itself.
    for other in ["198.51.100.2", "2001:db8::1", "127.0.0.1", ""] {
        guess(&api, other).await.is_problem(401, "invalid-credentials");
    }
}

/// Who is behind the address that a trusted proxy names.
async fn log_in_from(api: &Api, address: &str, email: &str, password: &str) -> Reply {
    let body = json!({ "email": email, "password": password });
    let request = api.request(Method::POST, "/auth/login").header("X-Forwarded-For", address);
    api.send(request.json(&body)).await
}

/// A hundred wrong passwords at one account, of five addresses in turn, at these instances in turn, and again once the owner
/// was in.
async fn a_hundred_wrong_passwords(instances: &[Server]) {
    let apis: Vec<Api> = instances.iter().map(Server::api).collect();
    let (mut minji, jiwoo) = (instances[0].customer().await, instances[0].customer().await);
    for _ in 0..2 {
        let (mut wrong, mut paused) = (0, 0);
        for n in 0..100 {
            let address = format!("198.51.100.{}", n % 5);
            let reply = log_in_from(&apis[n % apis.len()], &address, &minji.email, WRONG).await;
            if reply.status == 429 {
                assert!(pause(reply) <= 2);
                paused += 1;
            } else {
                reply.is_problem(401, "invalid-credentials");
                wrong += 1;
            }
        }
        // Ten are free; one more was looked at whenever a pause ended meanwhile.
        assert!((10..50).contains(&wrong) && paused == 100 - wrong, "{wrong} were looked at");

        for api in &apis {
            // Others log in, also from where the guesses come from.
            for address in ["198.51.100.0", "203.0.113.7"] {
                log_in_from(api, address, &jiwoo.email, PASSWORD).await.is(200);
            }
            // Whoever was logged in stays so.
            let shown = json!({ "refreshToken": minji.refresh_token });
            let tokens = api.post("/auth/refresh", &shown).await.is(200);
            minji.refresh_token = tokens.body["refreshToken"].as_str().unwrap().to_owned();
            api.with_token(&minji.access_token).get("/users/me").await.is(200);
        }
        // No clock of the server can be set from here, so the owner asks until the pause is over, however long that takes.
        let own = "203.0.113.8";
        let mut reply = log_in_from(&apis[0], own, &minji.email, PASSWORD).await;
        while reply.status == 429 {
            assert!(pause(reply) <= 2);
            reply = log_in_from(&apis[0], own, &minji.email, PASSWORD).await;
        }
        reply.is(200);
        // That has forgiven the account, and everywhere.
        for api in &apis {
            log_in_from(api, own, &minji.email, PASSWORD).await.is(200);
        }
    }
}

/// Pauses are short, and however often one asks meanwhile, it is these that are met.
const SHORT: [(&str, &str); 4] = [
    ("JANGTEO__RATE_LIMIT__LOGIN_FIRST_PAUSE", "1s"),
    ("JANGTEO__RATE_LIMIT__LOGIN_LONGEST_PAUSE", "2s"),
    ("JANGTEO__SERVER__TRUSTED_PROXIES", "127.0.0.0/8"),
    ("JANGTEO__RATE_LIMIT__CREDENTIALS", "1000000/1m"),
];

#[tokio::test]
async fn a_hundred_wrong_passwords_at_one_account_lock_nobody_out() {
    a_hundred_wrong_passwords(&[throttled(&SHORT)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_wrong_passwords_lock_nobody_out_where_redis_counts_for_all() {
    let redis = RedisServer::start();
    let one = throttled(&[&SHORT[..], &[("JANGTEO__REDIS__URL", &redis.url())]].concat());
    let other = one.another();
    for api in [one.api(), other.api()] {
        while !api.get("//readyz").await.is(200).body["degraded"].is_null() {}
    }
    a_hundred_wrong_passwords(&[one, other]).await;
}
