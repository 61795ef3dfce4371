//! Orders in sets on SQLite, by SQL alone: what the embedded database can take if nobody speaks HTTP.

use std::time::Duration;

use anyhow::Result;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database as Connect, Statement, TransactionTrait as _, Value,
};

use crate::clock;
use crate::random::Random;
use crate::shop::Database;

/// The tables of the other limits, with stock.
const TABLES: &[&str] = &[
    "CREATE TABLE limit_stock (product_id INTEGER PRIMARY KEY, quantity INTEGER NOT NULL, version INTEGER NOT NULL)",
    "CREATE TABLE limit_orders (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, total INTEGER NOT NULL, \
     status TEXT NOT NULL, created_at TEXT NOT NULL)",
    "CREATE TABLE limit_lines (order_id INTEGER, number INTEGER, product_id INTEGER NOT NULL, \
     quantity INTEGER NOT NULL, price INTEGER NOT NULL, PRIMARY KEY (order_id, number)) WITHOUT ROWID",
    "CREATE TABLE limit_events (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, data TEXT NOT NULL)",
    "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $PRODUCTS) \
     INSERT INTO limit_stock SELECT n, 100000000, 1 FROM n",
];

/// What is sold is `?2`, a JSON array; the ids of its orders begin with `?1`.
const ORDER: &[&str] = &[
    "UPDATE limit_stock AS s SET quantity = s.quantity - n.sold, version = s.version + 1 \
     FROM (SELECT value AS p, count(*) AS sold FROM json_each(?2) GROUP BY value) AS n \
     WHERE s.product_id = n.p",
    "INSERT INTO limit_orders (id, user_id, total, status, created_at) \
     SELECT ?1 + key, (?1 + key) % 2000, 12000, 'PENDING_PAYMENT', '2026-11-26T00:00:00.000Z' FROM json_each(?2)",
    "INSERT INTO limit_lines (order_id, number, product_id, quantity, price) \
     SELECT ?1 + key, 1, value, 1, 12000 FROM json_each(?2)",
    "INSERT INTO limit_events (order_id, data) SELECT ?1 + key, '{\"total\": 12000}' FROM json_each(?2)",
];

/// Orders a second in sets of this size, in a file with nothing in it, as durable as that of a shop.
pub(crate) async fn in_embedded_sets(
    database: &Database,
    products: usize,
    size: usize,
    time: Duration,
    seed: u64,
) -> Result<f64> {
    let mut options = ConnectOptions::new(database.url());
    options.max_connections(1).sqlx_logging(false).map_sqlx_sqlite_opts(|sqlite| {
        sqlite
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("cache_size", "-16384")
            .pragma("wal_autocheckpoint", "8192")
    });
    let connection = Connect::connect(options).await?;
    for sql in TABLES {
        connection.execute_unprepared(&sql.replace("$PRODUCTS", &products.to_string())).await?;
    }
    let (mut random, from, mut done) = (Random::new(seed, size), clock::now(), 0);
    while from.elapsed() < time {
        let sold: Vec<_> = (0..size).map(|_| (1 + random.below(products)).to_string()).collect();
        let values: [Value; 2] = [i64::try_from(1 + done)?.into(), format!("[{}]", sold.join(",")).into()];
        let tx = connection.begin().await?;
        for sql in ORDER {
            let statement = Statement::from_sql_and_values(tx.get_database_backend(), *sql, values.clone());
            tx.execute_raw(statement).await?;
        }
        tx.commit().await?;
        done += size;
    }
    let rate = done as f64 / from.elapsed().as_secs_f64();
    connection.close().await?;
    Ok(rate)
}
