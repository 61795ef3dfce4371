//! The database server gone under load, and back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use jangteo_test_services::Server as Database;
use serde_json::{Value, json};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::timeout;

use crate::DATABASE;
use crate::support::{Person, Server};

/// No answer takes longer than the time-outs of the server, whatever the database does.
const PATIENCE: Duration = Duration::from_secs(40);

/// Orders that a customer knows to have, by the keys of their requests.
type Acknowledged = BTreeMap<String, Value>;

/// Orders one unit after the other until it is told to stop; what gets no answer is sent again under its key.
async fn shop_on(
    minji: Person,
    mug: String,
    stopping: Arc<AtomicBool>,
    refused: Arc<AtomicUsize>,
) -> (Person, Acknowledged) {
    let body = json!({ "items": [{ "productId": mug, "quantity": 1 }] });
    let mut acknowledged = Acknowledged::new();
    let (mut number, mut unanswered) = (0, false);
    while unanswered || !stopping.load(Ordering::Relaxed) {
        let key = format!("order-{number}");
        let reply = timeout(PATIENCE, minji.keyed("/orders", &key, &body)).await.expect("an answer in time");
        if reply.status == 201 {
            acknowledged.insert(key, reply.body);
            (number, unanswered) = (number + 1, false);
        } else {
            // The same request again: it takes effect once, whether it has done so already or not.
            assert!(reply.is_problem(503, "unavailable").header("retry-after").is_some());
            refused.fetch_add(1, Ordering::Relaxed);
            unanswered = true;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    (minji, acknowledged)
}

async fn until(right: impl AsyncFn() -> bool) {
    let look = async {
        while !right().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_mins(1), look).await.expect("it happens in time");
}

/// Hard case 19: the database is gone in the middle of requests, then back. Nothing that was acknowledged is lost, and the
/// service resumes without a restart.
#[tokio::test(flavor = "multi_thread")]
async fn hard_case_19_a_database_that_crashes_under_load_loses_nothing() {
    const SHOPPERS: usize = 8;
    let service = DATABASE.expect("these tests are about servers");
    let mut database = Database::start(service).expect("a database server");
    let url = database.new_database();
    let server = Server::with(&[("JANGTEO__DATABASE__URL", &url)]);
    let admin = server.admin().await;
    let mug = admin.product("Mug", 1_000, 1_000_000).await;

    let (stopping, refused) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut buying = JoinSet::new();
    for _ in 0..SHOPPERS {
        let minji = server.customer().await;
        buying.spawn(shop_on(minji, mug.clone(), Arc::clone(&stopping), Arc::clone(&refused)));
    }
    for round in 1..=3 {
        let sold = async || 1_000_000 - admin.stock(&mug).await;
        let before = sold().await;
        until(async || sold().await > before + 20).await;
        database = crashed(database).await;
        until(async || refused.load(Ordering::Relaxed) >= round * SHOPPERS).await;
        // A read is refused as clearly as an order.
        let reply = timeout(PATIENCE, admin.get("/admin/orders")).await.expect("an answer in time");
        reply.is_problem(503, "unavailable");
        assert_eq!(server.api().get("//readyz").await.status, 503);
        database = spawn_blocking(move || {
            database.start_again().expect("the database starts again");
            database
        })
        .await
        .expect("it does");
        until(async || server.api().get("//readyz").await.status == 200).await;
    }
    stopping.store(true, Ordering::Relaxed);
    let acknowledged = buying.join_all().await;
    let known: usize = acknowledged.iter().map(|(_, orders)| orders.len()).sum();
    assert!(known > 60, "{known} orders");

    for (minji, orders) in acknowledged {
        let body = json!({ "items": [{ "productId": mug, "quantity": 1 }] });
        for (key, order) in orders {
            let again = minji.keyed("/orders", &key, &body).await.is(201);
            assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &order));
        }
    }
    let sold = 1_000_000 - admin.stock(&mug).await;
    assert_eq!(usize::try_from(sold).expect("some"), known, "nothing twice, nothing lost");
    server.adds_up();
    println!("{known} orders, {} refusals", refused.load(Ordering::Relaxed));
}

async fn crashed(mut database: Database) -> Database {
    spawn_blocking(move || {
        database.crash().expect("the database goes");
        database
    })
    .await
    .expect("it does")
}
