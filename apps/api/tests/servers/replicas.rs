//! A replica that comes and goes. Which reads it answers is tested with the storage.

use jangteo_test_services::Server as Database;
use serde_json::json;

use crate::DATABASE;
use crate::support::{Api, Server};

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
