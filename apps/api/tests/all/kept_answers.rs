//! Answers that are kept: one's own writes at once, those of others within a second, whatever becomes of Redis.

use std::time::{Duration, Instant};

use jangteo_test_services::RedisServer;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Api, Person, Reply, Server};

/// How soon a write shows elsewhere.
const SOON: Duration = Duration::from_secs(1);

fn shown(list: &Reply, product: &str) -> Option<(String, i64)> {
    let item = list.items().iter().find(|item| item["id"] == product)?;
    Some((item["name"].as_str()?.to_owned(), item["stock"].as_i64()?))
}

async fn listed(api: &Api, product: &str) -> (String, i64) {
    shown(&api.get("/products?limit=20").await.is(200), product).expect("it is on the first page")
}

async fn named(api: &Api, product: &str) -> String {
    let shown = api.get(&format!("/products/{product}")).await.is(200);
    shown.body["name"].as_str().expect("a name").to_owned()
}

/// Every way of writing a product, each seen at once by who wrote it, in the product and in the list.
#[tokio::test]
async fn an_instance_sees_its_own_writes_at_once() {
    let server = Server::with(&[("JANGTEO__ORDERS__UNPAID_EXPIRY", "5s")]);
    let (admin, minji) = (server.admin().await, server.customer().await);
    minji.charge(1_000_000).await;
    let mug = admin.product("Mug", 1_000, 10).await;
    let path = format!("/products/{mug}");
    let check = async |name: &str, stock: i64| {
        // Twice: what is kept is right as well.
        for _ in 0..2 {
            assert_eq!((named(&minji, &mug).await, minji.stock(&mug).await), (name.to_owned(), stock));
            assert_eq!(listed(&minji, &mug).await, (name.to_owned(), stock));
        }
    };
    check("Mug", 10).await;
    admin.patch(&path, &json!({ "name": "Cup" })).await.is(200);
    check("Cup", 10).await;
    let delivery = json!({ "delta": 5, "reason": "delivery" });
    admin.once(&format!("{path}/stock-adjustments"), &delivery).await.is(201);
    check("Cup", 15).await;
    let order = minji.order(&[(&mug, 4)]).await.is(201);
    check("Cup", 11).await;
    let payment = minji.pay(order.id()).await.is(201);
    let one = json!([{ "orderItemId": order.body["items"][0]["id"], "quantity": 1 }]);
    minji.once("/refunds", &json!({ "paymentId": payment.id(), "reason": "x", "items": one })).await.is(201);
    check("Cup", 12).await;
    minji.keyed_bare(&format!("/payments/{}/cancel", payment.id()), "cancel").await.is(200);
    check("Cup", 15).await;
    let order = minji.order(&[(&mug, 2)]).await.is(201);
    check("Cup", 13).await;
    let path = format!("/orders/{}/cancel", order.id());
    minji.send(minji.request(reqwest::Method::POST, &path)).await.is(200);
    check("Cup", 15).await;
    // The job writes as well.
    let order = minji.order(&[(&mug, 3)]).await.is(201);
    let path = format!("/orders/{}", order.id());
    while minji.get(&path).await.is(200).body["status"] != "EXPIRED" {}
    check("Cup", 15).await;
    // Whoever goes gives back what is not paid.
    let leaver = server.customer().await;
    leaver.order(&[(&mug, 5)]).await.is(201);
    leaver.delete("/users/me").await.is(204);
    check("Cup", 15).await;
    let tea = admin.product("Tea", 2_000, 1).await;
    assert_eq!(listed(&minji, &tea).await, ("Tea".to_owned(), 1));
}

#[tokio::test]
async fn a_kept_product_has_its_tag() {
    let server = Server::start();
    let (admin, api) = (server.admin().await, server.api());
    let path = format!("/products/{}", admin.product("Mug", 1_000, 10).await);
    let first = api.get(&path).await.is(200);
    let second = api.get(&path).await.is(200);
    assert_eq!((first.tag(), &first.text), (second.tag(), &second.text));
    assert_eq!(second.header("content-type"), Some("application/json"));
    assert_eq!(second.header("cache-control"), Some("no-cache"));
    assert_eq!(api.get_with(&path, "If-None-Match", &second.tag()).await.is(304).tag(), first.tag());
    // What is not there is not kept.
    let nothing = "/products/01900000-0000-7000-8000-000000000001";
    api.get(nothing).await.is_problem(404, "not-found");
}

/// Edits on one instance until the other shows it, again and again; nothing takes longer than is promised.
#[expect(clippy::disallowed_methods, reason = "measures how long it takes")]
async fn edits_show_elsewhere(admin: &Person, other: &Api, product: &str, label: &str) {
    let path = format!("/products/{product}");
    for round in 0..5 {
        // The other has it in its memory.
        named(other, product).await;
        listed(other, product).await;
        let name = format!("{label} {round}");
        admin.patch(&path, &json!({ "name": name })).await.is(200);
        let written = Instant::now();
        assert_eq!(named(admin, product).await, name, "its own write at once");
        assert_eq!(listed(admin, product).await.0, name);
        loop {
            // Late is only what was asked for late.
            let late = written.elapsed() > SOON;
            if named(other, product).await == name && listed(other, product).await.0 == name {
                break;
            }
            assert!(!late, "{name} does not show in time");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_without_redis_agree_within_a_second() {
    let one = Server::start();
    let other = one.another();
    let admin = one.admin().await;
    let mug = admin.product("Mug", 1_000, 10).await;
    edits_show_elsewhere(&admin, &other.api(), &mug, "edited on one").await;
    edits_show_elsewhere(&admin.at(&other), &one.api(), &mug, "edited on the other").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_with_redis_agree_within_a_second_whatever_becomes_of_it() {
    let mut redis = RedisServer::start();
    let one = Server::with(&[("JANGTEO__REDIS__URL", &redis.url())]);
    let other = one.another();
    let admin = one.admin().await;
    let mug = admin.product("Mug", 1_000, 10).await;
    let health = async |server: &Server| server.api().get("//readyz").await.is(200).body;
    let well = json!({ "status": "ok" });
    for server in [&one, &other] {
        while health(server).await != well {}
    }
    edits_show_elsewhere(&admin, &other.api(), &mug, "shared").await;
    redis.kill();
    edits_show_elsewhere(&admin, &other.api(), &mug, "alone").await;
    edits_show_elsewhere(&admin.at(&other), &one.api(), &mug, "alone, too").await;
    for server in [&one, &other] {
        assert_eq!(health(server).await["degraded"], json!(["redis"]));
    }
    redis.restart();
    for server in [&one, &other] {
        while health(server).await != well {}
    }
    edits_show_elsewhere(&admin, &other.api(), &mug, "shared again").await;
    one.adds_up();
}

/// With Redis, what one instance has made is not made again by another.
#[tokio::test(flavor = "multi_thread")]
async fn instances_share_what_they_have_made() {
    let redis = RedisServer::start();
    let one = Server::with(&[("JANGTEO__REDIS__URL", &redis.url())]);
    let admin = one.admin().await;
    let mug = admin.product("Mug", 1_000, 10).await;
    let key = format!("jangteo:answer:product:{mug}");
    // After its own write an instance shares nothing for a second.
    while redis.execute(&["EXISTS", &key]).unwrap() != "1" {
        named(&one.api(), &mug).await;
    }
    redis.execute(&["SET", &key, "\"7.7\"\n{\"name\":\"from Redis\"}", "PX", "1000"]).unwrap();
    let other = one.another();
    // It may have taken longer to start than that lives.
    redis.execute(&["SET", &key, "\"7.7\"\n{\"name\":\"from Redis\"}", "PX", "600000"]).unwrap();
    let path = format!("/products/{mug}");
    let taken = async {
        loop {
            let shown = other.api().get(&path).await.is(200);
            if shown.body["name"] == "from Redis" {
                break shown;
            }
        }
    };
    let shown = tokio::time::timeout(Duration::from_secs(30), taken).await.expect("it is taken from Redis");
    assert_eq!(shown.tag(), "\"7.7\"");
}

/// Buyers and readers on two instances at once: whoever has bought sees it, and no reader sees stock grow.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_less_than_they_have_done_themselves() {
    let redis = RedisServer::start();
    let one = Server::with(&[("JANGTEO__REDIS__URL", &redis.url())]);
    let other = one.another();
    let mug = one.admin().await.product("Mug", 1_000, 100).await;
    let mut buying = JoinSet::new();
    for server in [&one, &other] {
        for _ in 0..4 {
            let (buyer, mug) = (server.customer().await, mug.clone());
            buying.spawn(async move {
                let mut last = i64::MAX;
                for _ in 0..10 {
                    let before = buyer.stock(&mug).await;
                    buyer.order(&[(&mug, 1)]).await.is(201);
                    let after = buyer.stock(&mug).await;
                    assert!(after < before && before <= last, "{last}, then {before}, then {after}");
                    last = after;
                }
            });
        }
    }
    buying.join_all().await;
    one.adds_up();
}
