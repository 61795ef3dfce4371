//! A deadlock with a session that keeps no order.

use std::time::Duration;

use jangteo_test_services::Service;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};
use tokio::time::timeout;

use crate::DATABASE;
use crate::support::{Server, figure};

/// One connection, past the shop.
async fn by_hand(server: &Server) -> DatabaseConnection {
    let mut one = ConnectOptions::new(server.database_url());
    one.max_connections(1);
    Database::connect(one).await.unwrap()
}

/// Locks the stock of a product, as an order does.
fn lock(product: &str) -> String {
    let id = match DATABASE.expect("these tests are about servers") {
        Service::Postgres => format!("'{product}'"),
        Service::MariaDb => format!("x'{}'", product.replace('-', "")),
    };
    format!("SELECT quantity FROM product_stock WHERE product_id = {id} FOR UPDATE")
}

/// Waits until a session of this database waits for a lock.
async fn until_somebody_waits(db: &DatabaseConnection) {
    let waiting = match DATABASE.expect("these tests are about servers") {
        Service::Postgres => {
            "SELECT count(*) FROM pg_stat_activity \
             WHERE datname = current_database() AND wait_event_type = 'Lock'"
        }
        Service::MariaDb => {
            "SELECT count(*) FROM information_schema.innodb_trx t \
             JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id \
             WHERE p.db = DATABASE() AND t.trx_state = 'LOCK WAIT'"
        }
    };
    let look = async {
        let question = Statement::from_string(db.get_database_backend(), waiting);
        let count = async || {
            let row = db.query_one_raw(question.clone()).await.unwrap().unwrap();
            row.try_get_by_index::<i64>(0).unwrap()
        };
        while count().await == 0 {
            // MariaDB shows the same again to whoever asks within a tenth of a second.
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    };
    timeout(Duration::from_mins(1), look).await.expect("somebody waits");
}

/// An order has one product and wants the other, which a session by hand has that wants the first.
#[tokio::test(flavor = "multi_thread")]
async fn a_forced_deadlock_is_run_again_and_the_metric_counts_it() {
    let server = Server::start();
    let admin = server.admin().await;
    let (low, high) = (admin.product("A", 1_000, 50).await, admin.product("B", 1_000, 50).await);
    let (other, watch) = (by_hand(&server).await, by_hand(&server).await);
    // Whoever has written more is not the one that MariaDB sends away.
    other.execute_unprepared("CREATE TABLE weight (n INT)").await.unwrap();
    let heavy = format!("INSERT INTO weight VALUES (1){}", ", (1)".repeat(99));
    let minji = server.customer().await;
    assert_eq!(figure(&minji, "jangteo_transaction_reruns_total").await, 0);

    let mut ordered = 0;
    // PostgreSQL sends away whoever has waited for a second first: on a slow machine that may be the session by hand.
    while figure(&minji, "jangteo_transaction_reruns_total").await == 0 {
        for statement in ["BEGIN", &heavy, &lock(&high)] {
            other.execute_unprepared(statement).await.unwrap();
        }
        let items = [(low.as_str(), 1), (high.as_str(), 1)];
        let (order, ()) = tokio::join!(minji.order(&items), async {
            until_somebody_waits(&watch).await;
            let end = if other.execute_unprepared(&lock(&low)).await.is_ok() { "COMMIT" } else { "ROLLBACK" };
            other.execute_unprepared(end).await.unwrap();
        });
        order.is(201);
        ordered += 1;
    }
    assert_eq!(figure(&minji, "jangteo_transaction_reruns_total").await, 1);
    assert_eq!((admin.stock(&low).await, admin.stock(&high).await), (50 - ordered, 50 - ordered));
    server.adds_up();
}
