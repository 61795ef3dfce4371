//! A database that does not answer.

use jangteo_test_services::{Service, shared};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::{Value, json};

use crate::DATABASE;
use crate::support::{Server, new_ring, run};

fn order(product: &str) -> Value {
    json!({ "items": [{ "productId": product, "quantity": 1 }] })
}

/// Hard case 19, first half: somebody holds a lock and does not let go.
#[tokio::test(flavor = "multi_thread")]
async fn hard_case_19_a_lock_that_is_not_let_go_makes_it_unavailable() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let (mug, tea) = (admin.product("Mug", 1_000, 10).await, admin.product("Tea", 1_000, 10).await);
    let holder = by_hand(&server).await;
    let id = match DATABASE {
        Some(Service::MariaDb) => format!("x'{}'", mug.replace('-', "")),
        _ => format!("'{mug}'"),
    };
    holder.execute_unprepared("BEGIN").await.expect("a transaction");
    let lock = format!("SELECT quantity FROM product_stock WHERE product_id = {id} FOR UPDATE");
    holder.execute_unprepared(&lock).await.expect("the lock");

    let refused = minji.keyed("/orders", "k", &order(&mug)).await.is_problem(503, "unavailable");
    assert!(refused.header("retry-after").is_some());
    // Reading goes on, and so does everything that does not need the lock.
    assert_eq!(admin.stock(&mug).await, 10);
    minji.order(&[(&tea, 1)]).await.is(201);

    holder.execute_unprepared("ROLLBACK").await.expect("the lock is let go");
    minji.keyed("/orders", "k", &order(&mug)).await.is(201);
    assert_eq!(admin.stock(&mug).await, 9);
    server.adds_up();
}

/// Hard case 19, second half: the connections are gone, all at once, under load.
#[tokio::test(flavor = "multi_thread")]
async fn hard_case_19_lost_connections_lose_nothing_and_come_back() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 1_000).await;
    for round in 0..5 {
        let mut buying = tokio::task::JoinSet::new();
        for n in 0..20 {
            let (minji, mug) = (minji.clone(), mug.clone());
            buying.spawn(async move { minji.keyed("/orders", &format!("{round}-{n}"), &order(&mug)).await });
        }
        cut_off(&server).await;
        for reply in buying.join_all().await {
            assert!([201, 503].contains(&reply.status), "{}", reply.text);
        }
        for n in 0..20 {
            let key = format!("{round}-{n}");
            // A connection that was cut off is found out by whoever takes it.
            let mut reply = minji.keyed("/orders", &key, &order(&mug)).await;
            for _ in 0..100 {
                if reply.status == 201 {
                    break;
                }
                reply.is_problem(503, "unavailable");
                reply = minji.keyed("/orders", &key, &order(&mug)).await;
            }
            reply.is(201);
        }
        assert_eq!(admin.stock(&mug).await, 1_000 - 20 * (round + 1));
    }
    server.adds_up();
}

/// A connection to the database of a server, past the server.
async fn by_hand(server: &Server) -> DatabaseConnection {
    let mut one = ConnectOptions::new(server.database_url());
    one.max_connections(1);
    Database::connect(one).await.expect("a connection")
}

/// Ends every connection to the database of a server.
async fn cut_off(server: &Server) {
    let (connections, end) = match DATABASE {
        Some(Service::MariaDb) => (
            "SELECT CAST(id AS CHAR(20)) FROM information_schema.processlist \
             WHERE db = DATABASE() AND id <> CONNECTION_ID()",
            "KILL $",
        ),
        _ => (
            "SELECT pid::text FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
            "SELECT pg_terminate_backend($)",
        ),
    };
    let db = by_hand(server).await;
    let question = Statement::from_string(db.get_database_backend(), connections);
    for row in db.query_all_raw(question).await.expect("connections") {
        let id: String = row.try_get_by_index(0).expect("an id");
        // It may have gone by itself.
        let _ = db.execute_unprepared(&end.replace('$', &id)).await;
    }
    db.close().await.expect("it closes");
}

/// A server whose database is not there does not start, and says so.
#[test]
fn a_database_that_is_not_there_is_told() {
    let service = DATABASE.expect("these tests are about servers");
    let nowhere = shared(service).url("nowhere");
    let ring = new_ring();
    let refused = run(&[("JANGTEO__DATABASE__URL", &nowhere), ("JANGTEO__KEYS__RING", &ring)], &["serve"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("nowhere"));
}
