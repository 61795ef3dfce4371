//! A replica that comes and goes. Which reads it answers is tested with the storage.

use std::time::Duration;

use jangteo_test_services::{Server as Database, Standby};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::DATABASE;
use crate::support::{Api, Server};

/// Longer than anything here takes; whoever waits for it in vain has failed.
const LONG: Duration = Duration::from_mins(1);

/// Far less than any number of pages takes that wait for a replica each, and far more than one does.
const NO_HANG: Duration = Duration::from_secs(20);

const DATABASE_URL: &str = "JANGTEO__DATABASE__URL";
const REPLICA_URLS: &str = "JANGTEO__DATABASE__REPLICA_URLS";

/// The names of a list in pages of one.
async fn names(api: &Api) -> Vec<String> {
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("/products?limit=1{cursor}")).await.is(200);
        names.extend(page.items().iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        match page.body["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return names,
        }
    }
}

#[tokio::test]
async fn a_lost_replica_is_told_and_nobody_else_notices() {
    let other = Database::start(DATABASE.expect("these tests are about servers")).expect("a server");
    let server = Server::with(&[(REPLICA_URLS, &other.new_database())]);
    let admin = server.admin().await;
    for name in ["Mug", "Tea", "Pot"] {
        admin.product(name, 1_000, 1).await;
    }
    assert_eq!(server.api().get("//readyz").await.is(200).body, json!({ "status": "ok" }));
    drop(other);
    for _ in 0..3 {
        assert_eq!(names(&server.api()).await, ["Pot", "Tea", "Mug"]);
    }
    let ready = server.api().get("//readyz").await.is(200).body;
    assert_eq!(ready, json!({ "status": "ok", "degraded": ["replica"] }));
    assert!(server.log().contains("the replica does not answer"), "{}", server.log());
}

/// It takes connections and answers nothing. The time-outs of a request are longer than what is waited here.
#[tokio::test]
async fn a_replica_that_hangs_holds_nobody_up() {
    let primary =
        Database::start_primary(DATABASE.expect("these tests are about servers")).expect("a server");
    let mut standby = Standby::of(&primary);
    let url = primary.new_database();
    let server = Server::with(&[(DATABASE_URL, &url), (REPLICA_URLS, &standby.url(&url))]);
    let (admin, api) = (server.admin().await, server.api());
    for name in ["Mug", "Tea", "Pot"] {
        admin.product(name, 1_000, 1).await;
    }
    let (well, degraded) = (json!({ "status": "ok" }), json!({ "status": "ok", "degraded": ["replica"] }));
    // The database is newer than the replica, which may have been asked before it had it.
    until_ready(&api, &well).await;
    assert_eq!(names(&api).await, ["Pot", "Tea", "Mug"]);

    standby.pause();
    let hanging = timeout(NO_HANG, async {
        for _ in 0..30 {
            assert_eq!(names(&api).await, ["Pot", "Tea", "Mug"]);
        }
        assert_eq!(api.get("//readyz").await.is(200).body, degraded);
    });
    hanging.await.expect("nobody waits for it");
    assert!(server.log().contains("the replica does not answer"), "{}", server.log());

    standby.resume();
    until_ready(&api, &well).await;
    assert_eq!(names(&api).await, ["Pot", "Tea", "Mug"]);
    assert!(server.log().contains("the replica answers again"), "{}", server.log());
}

async fn until_ready(api: &Api, wanted: &Value) {
    let asking = timeout(LONG, async { while api.get("//readyz").await.is(200).body != *wanted {} }).await;
    assert!(asking.is_ok(), "never {wanted}");
}
