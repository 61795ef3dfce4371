//! Where requests spend their time, as a collector of traces is sent it (ADR-047).

mod collector;

use std::time::Duration;

use reqwest::Method;
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::timeout;

use collector::{Collector, Span};

use crate::support::{Api, Figures, PASSWORD, Person, Reply, Server, figure, next};

const PATIENCE: Duration = Duration::from_mins(1);

const CALLER: &str = "b7ad6b7169203331";

fn sending(collector: &Collector) -> [(&'static str, &str); 1] {
    [("JANGTEO__TELEMETRY__OTLP__ENDPOINT", collector.url())]
}

/// A trace that nobody else is in.
fn trace() -> String {
    format!("0af7651916cd43dd8448eb21{:08x}", next())
}

async fn order(person: &Person, product: &str, trace: &str, sampled: bool) -> Reply {
    let request =
        person.request(Method::POST, "/orders").header("Idempotency-Key", format!("key-{}", next()));
    let flags = u8::from(sampled);
    let request = request.header("traceparent", format!("00-{trace}-{CALLER}-{flags:02x}"));
    person.send(request.json(&json!({ "items": [{ "productId": product, "quantity": 1 }] }))).await
}

/// What has come once the request of this trace has, and what of it may end after it.
async fn spans(collector: &Collector, trace: &str) -> Vec<Span> {
    let enough = |spans: &[Span]| {
        let came = |name| spans.iter().any(|span| span.trace() == trace && span.name() == name);
        ["POST /api/v1/orders", "place_order", "session_standing"].into_iter().all(came)
    };
    timeout(PATIENCE, collector.until(enough)).await.expect("the trace is sent")
}

/// The one span of this name under another.
#[track_caller]
fn under<'a>(spans: &'a [Span], parent: &str, name: &str) -> &'a Span {
    let found: Vec<_> =
        spans.iter().filter(|span| span.parent() == Some(parent) && span.name() == name).collect();
    assert_eq!(found.len(), 1, "{name} under {parent} in {spans:#?}");
    found[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_arrives_under_its_callers_trace_with_all_that_it_waited_for() {
    let collector = Collector::start().await;
    let json_log = [("JANGTEO__LOG__FORMAT", "json")];
    let server = Server::with(&[&sending(&collector)[..], &json_log].concat());
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Secret mug", 1_000, 10).await;
    let trace = trace();
    let placed = order(&minji, &mug, &trace, true).await.is(201);
    let spans = spans(&collector, &trace).await;

    let request = under(&spans, CALLER, "POST /api/v1/orders");
    assert_eq!((request.trace(), &request.json["kind"]), (trace.as_str(), &json!(2)));
    assert_eq!(request.attribute("http.route"), Some("/api/v1/orders"));
    assert_eq!(request.attribute("http.response.status_code"), Some("201"));
    assert_eq!(request.of_sender("service.name"), Some("jangteo"));
    // Each is under the one before, and begins after it.
    let mut above = request;
    for name in ["place_order", "set", "transaction", "decide"] {
        let span = under(&spans, above.id(), name);
        assert_eq!(span.trace(), trace);
        assert!(span.time().0 >= above.time().0 && span.time().1 >= span.time().0, "{name}");
        above = span;
    }
    let of_order = spans.iter().filter(|span| span.parent() == Some(above.id()));
    let texts: Vec<_> = of_order.filter_map(|span| span.attribute("db.query.text")).collect();
    assert!(texts.len() > 3 && texts.iter().any(|text| text.contains("product_stock")), "{texts:?}");
    let command = under(&spans, request.id(), "place_order");
    let (queue, set) = (under(&spans, command.id(), "queue"), under(&spans, command.id(), "set"));
    assert!(queue.time().1 <= set.time().0);
    assert_eq!((set.attribute("kind"), set.attribute("commands")), (Some("place_order"), Some("1")));
    under(&spans, under(&spans, request.id(), "session_standing").id(), "set");

    for secret in [placed.id(), &mug, "Secret mug", &minji.email, &minji.access_token, &minji.id] {
        for span in &spans {
            assert!(!span.json.to_string().contains(secret), "{secret} in {}", span.json);
        }
    }
    // The log has the same id, and no more in a line than it has without.
    let log = server.log();
    let line = log.lines().find(|line| line.contains(&trace)).expect("a line of the request");
    let line: Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(line["span"]["trace_id"], trace);
    assert_eq!(line["span"].as_object().map(serde_json::Map::len), Some(3), "{line}");
}

/// Waits until so many orders have been led to the group, as far as the figures tell.
async fn until_asked(api: &Api, count: u64) {
    let asked = "jangteo_group_queue_wait_seconds_count{kind=\"session_standing\"}";
    let look = async { while figure(api, asked).await < count {} };
    timeout(PATIENCE, look).await.expect("they come");
    for _ in 0..20 {
        api.get("//livez").await.is(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_share_a_set_lead_to_it() {
    let collector = Collector::start().await;
    let server = Server::with(&sending(&collector));
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 100).await;
    // While somebody holds the lock, one goes and the others wait for the next set.
    let share = async {
        loop {
            let asked = "jangteo_group_queue_wait_seconds_count{kind=\"session_standing\"}";
            let before = figure(&minji, asked).await;
            let holder = Database::connect(server.database_url()).await.expect("a connection");
            holder.execute_unprepared("BEGIN IMMEDIATE").await.expect("the lock");
            let mut buying = JoinSet::new();
            for _ in 0..5 {
                let (minji, mug, trace) = (minji.clone(), mug.clone(), trace());
                buying.spawn(async move {
                    order(&minji, &mug, &trace, true).await.is(201);
                    trace
                });
            }
            until_asked(&minji, before + 5).await;
            holder.close().await.expect("the lock is let go");
            let mut all = Vec::new();
            for trace in buying.join_all().await {
                all = spans(&collector, &trace).await;
            }
            let shared = all.iter().find(|span| {
                span.name() == "set"
                    && span.attribute("kind") == Some("place_order")
                    && span.attribute("commands").is_some_and(|commands| commands != "1")
            });
            if let Some(set) = shared {
                lead_to_each_other(&all, set);
                return;
            }
        }
    };
    timeout(PATIENCE, share).await.expect("some share a set");
}

/// The set is under one of its orders, and it and the others lead to each other.
#[track_caller]
fn lead_to_each_other(all: &[Span], set: &Span) {
    let orders: Vec<&Span> = all.iter().filter(|span| span.name() == "place_order").collect();
    let first = orders.iter().find(|order| Some(order.id()) == set.parent()).expect("the first of them");
    let others = set.links();
    let count: usize = set.attribute("commands").and_then(|text| text.parse().ok()).expect("a number");
    assert_eq!(others.len() + 1, count);
    assert!(!others.contains(&first.id()));
    for other in others {
        let order = orders.iter().find(|order| order.id() == other).expect("an order");
        assert_ne!(order.trace(), set.trace());
        assert_eq!(order.links(), [set.id()]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_caller_does_not_send_is_not_sent_and_what_begins_here_is_by_chance() {
    let collector = Collector::start().await;
    let rarely = [("JANGTEO__TELEMETRY__OTLP__ONE_IN", "4294967295")];
    let server = Server::with(&[&sending(&collector)[..], &rarely].concat());
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 10).await;
    let (silent, told) = (trace(), trace());
    order(&minji, &mug, &silent, false).await.is(201);
    order(&minji, &mug, &told, true).await.is(201);
    let spans = spans(&collector, &told).await;
    assert!(spans.iter().all(|span| span.trace() == told), "{spans:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_fails_is_marked_and_says_why() {
    let collector = Collector::start().await;
    let slow = [
        ("JANGTEO__SERVER__REQUEST_TIMEOUT", "100ms"),
        ("JANGTEO__PASSWORDS__MEMORY_KIB", "65536"),
        ("JANGTEO__PASSWORDS__ITERATIONS", "20"),
    ];
    let server = Server::with(&[&sending(&collector)[..], &slow].concat());
    let api = server.api();
    let body = json!({ "email": "minji@example.com", "password": PASSWORD, "name": "x" });
    let late = api.post("/users", &body).await.is_problem(503, "unavailable");
    let trace = late.body["traceId"].as_str().expect("a trace").to_owned();
    let enough = |spans: &[Span]| spans.iter().any(|span| span.trace() == trace && span.parent().is_none());
    let spans = timeout(PATIENCE, collector.until(enough)).await.expect("the trace is sent");
    let request =
        spans.iter().find(|span| span.trace() == trace && span.parent().is_none()).expect("it is there");
    assert_eq!(request.json["status"], json!({ "code": 2 }));
    assert_eq!(request.json["events"][0]["name"], "unavailable");
}

/// Nobody waits for a collector.
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_costs_its_spans_and_nothing_else() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    drop(listener);
    let mut server = Server::with(&[("JANGTEO__TELEMETRY__OTLP__ENDPOINT", &url)]);
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 10).await;
    order(&minji, &mug, &trace(), true).await.is(201);
    let look = async {
        while Figures::of(&minji).await.count("jangteo_trace_spans_total{outcome=\"dropped\"}") == 0 {}
    };
    timeout(PATIENCE, look).await.expect("they are dropped");
    assert!(server.stop().success());
    assert_eq!(server.log().matches("the collector does not take traces").count(), 1);
}
