//! Storms of claims through the gate on Redis, whatever Redis does meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jangteo_test_services::RedisServer;
use serde_json::{Value, json};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::timeout;

use crate::support::{Api, Reply, Server, counted};

const PEOPLE: usize = 20_000;
const COUPONS: usize = 1_000;
/// How many requests are under way at a time, on how many clients.
const UNDER_WAY: usize = 300;
const CLIENTS: usize = 6;

/// A shop that uses this Redis. On a slow machine, too, nobody is sent away before it is their turn.
fn shop(redis: &str) -> Server {
    Server::with(&[
        ("JANGTEO__REDIS__URL", redis),
        ("JANGTEO__DATABASE__ACQUIRE_TIMEOUT", "5m"),
        ("JANGTEO__SERVER__REQUEST_TIMEOUT", "5m"),
        ("JANGTEO__LOG__FILTER", "info,jangteo_api::observe=warn"),
    ])
}

/// What is done when so many coupons are issued, while everybody else goes on.
type Incident = Arc<dyn Fn(usize) + Send + Sync>;

/// Everybody claims once, and the incident happens after each coupon. Gives all answers.
async fn storm(server: &Server, campaign: &str, tokens: Vec<String>, incident: Incident) -> Vec<Reply> {
    let path: Arc<str> = format!("/coupons/{campaign}/claims").into();
    let (tokens, issued) = (Arc::new(tokens), Arc::new(AtomicUsize::new(0)));
    let next = Arc::new(AtomicUsize::new(0));
    let clients: Vec<Api> = (0..CLIENTS).map(|_| server.api()).collect();
    let mut claiming = JoinSet::new();
    for api in clients.iter().cycle().take(UNDER_WAY) {
        let api = api.clone();
        let (path, tokens, issued) = (Arc::clone(&path), Arc::clone(&tokens), Arc::clone(&issued));
        let (next, incident) = (Arc::clone(&next), Arc::clone(&incident));
        claiming.spawn(async move {
            let mut replies = Vec::new();
            while let Some(token) = tokens.get(next.fetch_add(1, Ordering::Relaxed)) {
                let reply = api.with_token(token).keyed_bare(&path, "claim").await;
                if reply.status == 201 {
                    let (count, incident) =
                        (issued.fetch_add(1, Ordering::Relaxed) + 1, Arc::clone(&incident));
                    spawn_blocking(move || incident(count)).await.expect("the incident happens");
                }
                replies.push(reply);
            }
            replies
        });
    }
    claiming.join_all().await.concat()
}

/// Exactly as many as there are, each once, and everybody else hears that they came too late.
fn exactly_all_were_issued(replies: &[Reply]) {
    let expected = [((201, ""), COUPONS), ((409, "coupon-sold-out"), PEOPLE - COUPONS)];
    assert_eq!(counted(replies), BTreeMap::from(expected));
    let issued = replies.iter().filter(|reply| reply.status == 201);
    let sequences: BTreeSet<_> = issued.map(|reply| reply.body["sequence"].as_u64().unwrap()).collect();
    assert_eq!(sequences, (1..=u64::try_from(COUPONS).unwrap()).collect());
}

async fn readiness(api: &Api) -> Value {
    api.get("//readyz").await.is(200).body
}

/// How often Redis has run a command since it started.
fn calls(redis: &RedisServer, command: &str) -> usize {
    let told = redis.execute(&["INFO", "commandstats"]).unwrap();
    let line = told.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
    line.and_then(|line| line.split(',').next()).and_then(|count| count.parse().ok()).unwrap_or_default()
}

/// Hard case 12: Redis is flushed in the middle of a claim storm, twenty times.
#[tokio::test(flavor = "multi_thread")]
async fn hard_case_12_a_storm_through_twenty_flushes_issues_exactly_all() {
    let redis = Arc::new(RedisServer::start());
    let server = shop(&redis.url());
    let campaign = server.admin().await.campaign(1_000, json!({})).await;
    let tokens = server.crowd(PEOPLE).await;
    let flushed = Arc::clone(&redis);
    let incident = move |issued: usize| {
        if issued.is_multiple_of(45) && issued <= 900 {
            flushed.execute(&["FLUSHALL"]).unwrap();
        }
    };
    let replies = storm(&server, &campaign, tokens, Arc::new(incident)).await;
    exactly_all_were_issued(&replies);
    assert_eq!(calls(&redis, "flushall"), 20);
    // It was the gate on Redis that they went through.
    assert!(calls(&redis, "evalsha") > COUPONS, "{}", calls(&redis, "evalsha"));
    assert!(calls(&redis, "sadd") > 0, "the winners were told to it");
    server.adds_up();
}

/// Hard case 12, for a Redis that is killed in the middle of it and comes back empty.
#[tokio::test(flavor = "multi_thread")]
async fn hard_case_12_a_storm_through_a_killed_redis_issues_exactly_all() {
    let redis = Arc::new(Mutex::new(RedisServer::start()));
    let url = redis.lock().unwrap().url();
    let server = shop(&url);
    let campaign = server.admin().await.campaign(1_000, json!({})).await;
    let tokens = server.crowd(PEOPLE).await;
    let killed = Arc::clone(&redis);
    let incident = move |issued| match issued {
        300 => killed.lock().unwrap().kill(),
        600 => killed.lock().unwrap().restart(),
        _ => {}
    };
    assert_eq!(readiness(&server.api()).await, json!({ "status": "ok" }));
    let replies = storm(&server, &campaign, tokens, Arc::new(incident)).await;
    exactly_all_were_issued(&replies);
    server.adds_up();

    let log = server.log();
    assert!(log.contains("Redis does not answer; going on without it"), "{log}");
    comes_back(&server.api()).await;
    // What came back is used: it was told of a campaign since.
    let another = server.admin().await.campaign(1, json!({})).await;
    server.customer().await.claim(&another).await.is(201);
    let keys = redis.lock().unwrap().execute(&["KEYS", &format!("*{another}*")]).unwrap();
    assert_eq!(keys.lines().count(), 2, "{keys}");
}

/// Asks until the server says that it lacks nothing.
async fn comes_back(api: &Api) {
    let look = async { while readiness(api).await != json!({ "status": "ok" }) {} };
    timeout(Duration::from_secs(30), look).await.expect("the server finds Redis again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_away_is_named_and_missed_by_nobody() {
    let mut redis = RedisServer::start();
    let server = shop(&redis.url());
    let (admin, minji) = (server.admin().await, server.customer().await);
    comes_back(&server.api()).await;
    redis.kill();
    let campaign = admin.campaign(1, json!({})).await;
    minji.claim(&campaign).await.is(201);
    assert_eq!(readiness(&server.api()).await, json!({ "status": "ok", "degraded": ["redis"] }));
    // A server starts without it, too.
    let second = server.another();
    minji.at(&second).claim(&campaign).await.is_problem(409, "coupon-already-claimed");
    server.customer().await.claim(&campaign).await.is_problem(409, "coupon-sold-out");
    redis.restart();
    comes_back(&server.api()).await;
    comes_back(&second.api()).await;
}

/// The gate forgets who has one; the shop does not.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_one_hears_so_from_a_gate_that_has_forgotten_everything() {
    let redis = RedisServer::start();
    let server = shop(&redis.url());
    let (admin, minji, junho) = (server.admin().await, server.customer().await, server.customer().await);
    let campaign = admin.campaign(1, json!({})).await;
    let path = format!("/coupons/{campaign}/claims");
    let first = minji.keyed_bare(&path, "first").await.is(201);
    redis.execute(&["FLUSHALL"]).unwrap();
    for server in [&server, &server.another()] {
        let (minji, junho) = (minji.at(server), junho.at(server));
        junho.claim(&campaign).await.is_problem(409, "coupon-sold-out");
        minji.claim(&campaign).await.is_problem(409, "coupon-already-claimed");
        // A replay wins over any refusal, and so does a key that stands for something else.
        let again = minji.keyed_bare(&path, "first").await.is(201);
        assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &first.text));
        let other = admin.campaign(1, json!({})).await;
        junho.keyed_bare(&format!("/coupons/{other}/claims"), &other).await.is(201);
        junho.keyed_bare(&path, &other).await.is_problem(422, "idempotency-key-reused");
    }
    server.adds_up();
}
