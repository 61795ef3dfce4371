//! What `GET /metrics` tells: each figure is there from the start and turns when it should (ADR-038).

use std::time::Duration;

use jangteo_test_services::RedisServer;
use reqwest::Method;
use sea_orm::{ConnectionTrait, Database};
use serde_json::json;
use tokio::time::timeout;

use crate::support::{Api, Figures, Person, Server, figure, money};

const PATIENCE: Duration = Duration::from_mins(1);

fn command(kind: &str, outcome: &str) -> String {
    format!("jangteo_commands_total{{kind=\"{kind}\",outcome=\"{outcome}\"}}")
}

fn number(figures: &Figures, series: &str) -> f64 {
    figures.series[series].parse().expect("a number")
}

fn requests(method: &str, route: &str, status: &str) -> String {
    format!("jangteo_http_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}")
}

/// Asks until the figures are as they should be.
async fn until(api: &Api, what: &str, good: impl Fn(&Figures) -> bool) {
    let look = async { while !good(&Figures::of(api).await) {} };
    timeout(PATIENCE, look).await.unwrap_or_else(|_| panic!("{what}"));
}

#[tokio::test]
async fn every_meter_begins_at_zero() {
    let server = Server::with(&[("JANGTEO__JOBS__ENABLED", "false")]);
    let figures = Figures::of(&server.api()).await;
    let mut names = Vec::new();
    for (series, value) in &figures.series {
        let name = series.split('{').next().expect("a name");
        if !names.contains(&name) {
            names.push(name);
        }
        // What is there at the start: a process, and connections.
        if name.starts_with("jangteo_process_") || name.starts_with("jangteo_database_connections") {
            continue;
        }
        assert!(["0", "0.0"].contains(&value.as_str()), "{series} {value}");
    }
    for expected in [
        "jangteo_http_requests_total",
        "jangteo_http_request_time_seconds_bucket",
        "jangteo_commands_total",
        "jangteo_transaction_reruns_total",
        "jangteo_group_set_size_count",
        "jangteo_group_queue_wait_seconds_count",
        "jangteo_group_set_time_seconds_count",
        "jangteo_event_deliveries_total",
        "jangteo_event_delivery_failures_total",
        "jangteo_outbox_lag_seconds",
        "jangteo_order_expiry_lag_seconds",
        "jangteo_ranking_lag_seconds",
        "jangteo_claim_gate_answers_total",
        "jangteo_kept_answers_total",
        "jangteo_job_runs_total",
        "jangteo_database_replicas",
        "jangteo_database_replicas_away",
        "jangteo_redis_configured",
        "jangteo_redis_up",
    ] {
        assert!(names.contains(&expected), "no {expected}");
    }
}

#[tokio::test]
async fn requests_are_counted_by_route_method_and_class_of_status() {
    let server = Server::start();
    let (admin, api) = (server.admin().await, server.api());
    let mug = admin.product("Mug", 1_000, 10).await;
    let (path, route) = (format!("/products/{mug}"), "/api/v1/products/{id}");
    for _ in 0..3 {
        api.get(&path).await.is(200);
    }
    let tag = api.get(&path).await.is(200).tag();
    api.get_with(&path, "If-None-Match", &tag).await.is(304);
    assert_eq!(api.send(api.request(Method::HEAD, &path)).await.status, 200);
    api.get("/products/nothing").await.is(404);
    api.patch(&path, &json!({})).await.is(401);
    // No route, a route with another method, a page that asks before it calls.
    api.get("/nothing/at-all").await.is(404);
    api.delete(&path).await.is(405);
    let preflight = api.request(Method::OPTIONS, &path).header("Origin", "https://shop.example");
    let preflight = api.send(preflight.header("Access-Control-Request-Method", "GET")).await;

    let figures = Figures::of(&api).await;
    let counted = |method, status| figures.count(&requests(method, route, status));
    assert_eq!(
        ["2xx", "3xx", "4xx", "5xx"].map(|status| (counted("GET", status), counted("PATCH", status))),
        [(5, 0), (1, 0), (1, 1), (0, 0)]
    );
    let refused = u64::from(preflight.status >= 400);
    assert_eq!(figures.count(&requests("-", "-", "4xx")), 2 + refused);
    let labels = format!("method=\"GET\",route=\"{route}\"");
    assert_eq!(figures.count(&format!("jangteo_http_request_time_seconds_count{{{labels}}}")), 7);
    assert_eq!(
        figures.count(&format!("jangteo_http_request_time_seconds_bucket{{{labels},le=\"+Inf\"}}")),
        7
    );
    assert!(number(&figures, &format!("jangteo_http_request_time_seconds_sum{{{labels}}}")) > 0.0);
    for series in figures.series.keys() {
        assert!(!series.contains(&mug) && !series.contains("at-all"), "{series}");
    }
}

async fn order(person: &Person, key: &str, product: &str, quantity: u32) -> crate::support::Reply {
    let items = json!([{ "productId": product, "quantity": quantity }]);
    person.keyed("/orders", key, &json!({ "items": items })).await
}

#[tokio::test]
async fn commands_are_counted_by_what_became_of_them() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 3).await;
    let placed = order(&minji, "a", &mug, 2).await.is(201);
    for _ in 0..2 {
        order(&minji, "a", &mug, 2).await.is(201);
    }
    order(&minji, "a", &mug, 1).await.is_problem(422, "idempotency-key-reused");
    order(&minji, "b", &mug, 2).await.is_problem(409, "out-of-stock");
    let nothing = "01900000-0000-7000-8000-000000000001";
    order(&minji, "c", nothing, 1).await.is_problem(422, "validation-failed");
    minji.pay(placed.id()).await.is_problem(409, "insufficient-points");
    minji.charge(5_000).await;
    let payment = minji.pay(placed.id()).await.is(201);
    minji.pay(placed.id()).await.is_problem(409, "already-paid");
    let unit = json!([{ "orderItemId": placed.body["items"][0]["id"], "quantity": 1 }]);
    let refund = json!({ "paymentId": payment.id(), "reason": "x", "items": unit });
    minji.once("/refunds", &refund).await.is(201);
    minji.keyed_bare(&format!("/payments/{}/cancel", payment.id()), "d").await.is(200);
    let grant = json!({ "amount": money(100), "expiresAt": "2999-01-01T00:00:00Z", "reason": "gift" });
    admin.once(&format!("/users/{}/points/grants", minji.id), &grant).await.is(201);
    let delivery = json!({ "delta": -50, "reason": "lost" });
    admin
        .once(&format!("/products/{mug}/stock-adjustments"), &delivery)
        .await
        .is_problem(409, "out-of-stock");

    let figures = Figures::of(&minji).await;
    for (kind, outcome, count) in [
        ("place_order", "accepted", 1),
        ("place_order", "replayed", 2),
        ("place_order", "idempotency-key-reused", 1),
        ("place_order", "out-of-stock", 1),
        ("place_order", "validation-failed", 1),
        ("place_order", "price-changed", 0),
        ("pay_order", "accepted", 1),
        ("pay_order", "insufficient-points", 1),
        ("pay_order", "already-paid", 1),
        ("charge_points", "accepted", 1),
        ("refund_payment", "accepted", 1),
        ("cancel_payment", "accepted", 1),
        ("grant_points", "accepted", 1),
        ("adjust_stock", "out-of-stock", 1),
    ] {
        assert_eq!(figures.count(&command(kind, outcome)), count, "{kind} {outcome}");
    }
}

fn gate(said: &str) -> String {
    format!("jangteo_claim_gate_answers_total{{said=\"{said}\"}}")
}

#[tokio::test]
async fn claims_are_counted_and_so_is_what_the_gate_says() {
    let server = Server::start();
    let (admin, minji, jiwoo) = (server.admin().await, server.customer().await, server.customer().await);
    let campaign = admin.campaign(1, json!({})).await;
    minji.claim(&campaign).await.is(201);
    minji.claim(&campaign).await.is_problem(409, "coupon-already-claimed");
    jiwoo.claim(&campaign).await.is_problem(409, "coupon-sold-out");
    let figures = Figures::of(&minji).await;
    for outcome in ["accepted", "coupon-already-claimed", "coupon-sold-out"] {
        assert_eq!(figures.count(&command("claim_coupon", outcome)), 1, "{outcome}");
    }
    let said = ["inside", "already_claimed", "sold_out", "full", "unguarded", "passed_by"];
    assert_eq!(said.map(|said| figures.count(&gate(said))), [1, 1, 1, 0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_told_that_redis_is_away_and_claims_go_without_a_gate() {
    let mut redis = RedisServer::start();
    let server = Server::with(&[("JANGTEO__REDIS__URL", &redis.url())]);
    let (admin, minji) = (server.admin().await, server.customer().await);
    let campaign = admin.campaign(10, json!({ "perUserLimit": 3 })).await;
    until(&minji, "Redis answers", |figures| figures.count("jangteo_redis_up") == 1).await;
    minji.claim(&campaign).await.is(201);
    redis.kill();
    minji.claim(&campaign).await.is(201);
    let figures = Figures::of(&minji).await;
    assert_eq!(["inside", "unguarded"].map(|said| figures.count(&gate(said))), [1, 1]);
    assert_eq!((figures.count("jangteo_redis_configured"), figures.count("jangteo_redis_up")), (1, 0));
}

fn kept(source: &str) -> String {
    format!("jangteo_kept_answers_total{{source=\"{source}\"}}")
}

#[tokio::test(flavor = "multi_thread")]
async fn kept_answers_are_counted_by_where_they_were_found() {
    let redis = RedisServer::start();
    let server = Server::with(&[("JANGTEO__REDIS__URL", &redis.url())]);
    let mug = server.admin().await.product("Mug", 1_000, 10).await;
    let other = server.another();
    let (here, there) = (server.api(), other.api());
    for api in [&here, &there] {
        until(api, "Redis answers", |figures| figures.count("jangteo_redis_up") == 1).await;
    }
    let asking = async {
        let mut asked = 0;
        loop {
            for api in [&here, &there] {
                api.get(&format!("/products/{mug}")).await.is(200);
            }
            asked += 1;
            let (one, two) = (Figures::of(&here).await, Figures::of(&there).await);
            let sources = ["process", "redis", "database", "waited"];
            for figures in [&one, &two] {
                assert_eq!(sources.iter().map(|source| figures.count(&kept(source))).sum::<u64>(), asked);
            }
            let found = |source| one.count(&kept(source)) + two.count(&kept(source));
            if found("process") > 0 && found("redis") > 0 && found("database") > 0 {
                break;
            }
        }
    };
    timeout(PATIENCE, asking).await.expect("each level answers once");
}

fn runs(job: &str, outcome: &str) -> String {
    format!("jangteo_job_runs_total{{task=\"{job}\",outcome=\"{outcome}\"}}")
}

#[tokio::test]
async fn jobs_are_counted_and_events_too() {
    let server = Server::start();
    server.customer().await;
    let jobs = ["relay_events", "forget_answers", "expire_orders", "expire_points", "count_sales"];
    until(&server.api(), "every job runs", |figures| {
        jobs.iter().all(|job| figures.count(&runs(job, "done")) > 0)
    })
    .await;
    until(&server.api(), "the events are delivered", |figures| {
        figures.count("jangteo_event_deliveries_total") > 0
    })
    .await;
    assert_eq!(figure(&server.api(), "jangteo_event_delivery_failures_total").await, 0);
}

/// Somebody holds the write lock for a while: jobs fail, and what they let lie is told once they can.
#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_fail_are_counted_and_what_is_overdue_is_told() {
    let server = Server::with(&[("JANGTEO__ORDERS__UNPAID_EXPIRY", "1s")]);
    let (admin, minji) = (server.admin().await, server.customer().await);
    let (mug, sticker) = (admin.product("Mug", 1_000, 10).await, admin.product("Sticker", 0, 10).await);
    let holder = Database::connect(server.database_url()).await.expect("a connection");
    let order = minji.order(&[(&mug, 1)]).await.is(201);
    minji.order(&[(&sticker, 1)]).await.is(201);
    holder.execute_unprepared("BEGIN IMMEDIATE").await.expect("the lock");
    let writing = "jangteo_database_connections{pool=\"writers\",state=\"in_use\"}";
    until(&minji, "the writer waits", |figures| figures.count(writing) == 1).await;
    until(&minji, "a job fails", |figures| figures.count(&runs("expire_orders", "failed")) > 0).await;
    holder.close().await.expect("the lock is let go");

    until(&minji, "the order was overdue", |figures| {
        number(figures, "jangteo_order_expiry_lag_seconds") >= 1.0
    })
    .await;
    until(&minji, "nothing is overdue any more", |figures| {
        number(figures, "jangteo_order_expiry_lag_seconds") < 0.1
    })
    .await;
    let path = format!("/orders/{}", order.id());
    assert_eq!(minji.get(&path).await.is(200).body["status"], "EXPIRED");
}

#[tokio::test]
async fn connections_and_the_process_are_told() {
    let server = Server::start();
    let api = server.api();
    api.get("//readyz").await.is(200);
    let figures = Figures::of(&api).await;
    let limit = |pool| figures.count(&format!("jangteo_database_connections_limit{{pool=\"{pool}\"}}"));
    assert_eq!(["writers", "committers", "readers", "replicas"].map(limit), [1, 0, 8, 0]);
    let open =
        |state| figures.count(&format!("jangteo_database_connections{{pool=\"readers\",state=\"{state}\"}}"));
    assert!(open("idle") + open("in_use") > 0);
    let started = number(&figures, "jangteo_process_start_time_seconds");
    assert!((1.7e9..1e11).contains(&started), "{started}");
    #[cfg(target_os = "linux")]
    assert!(number(&figures, "jangteo_process_resident_memory_bytes") > 1e6);
}
