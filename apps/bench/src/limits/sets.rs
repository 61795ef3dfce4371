//! Orders in sets, by SQL alone and on one connection: what PostgreSQL can take if nobody speaks HTTP.

use std::time::Duration;

use anyhow::Result;
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database as Connect, DatabaseTransaction, Statement,
    TransactionTrait as _,
};

use crate::clock;
use crate::random::Random;
use crate::shop::Database;

const LOCK: &str = "SELECT product_id, quantity FROM limit_stock WHERE product_id = ANY($1::text::bigint[]) \
                    ORDER BY product_id FOR UPDATE";
const SELL: &str = "UPDATE limit_stock s SET quantity = s.quantity - n.sold, version = s.version + 1 \
                    FROM (SELECT p, count(*) AS sold FROM unnest($1::text::bigint[]) p GROUP BY p) n \
                    WHERE s.product_id = n.p";
const ORDERS: &str = "INSERT INTO limit_orders (id, user_id, total, status, created_at) \
                      SELECT id, id % 2000, 12000, 'PENDING_PAYMENT', now() FROM unnest($1::text::bigint[]) id";
const LINES: &str = "INSERT INTO limit_lines (order_id, number, product_id, quantity, price) \
                     SELECT id, 1, p, 1, 12000 FROM unnest($1::text::bigint[], $2::text::bigint[]) AS t (id, p)";
const EVENTS: &str = "INSERT INTO limit_events (order_id, data) \
                      SELECT id, '{\"total\": 12000}' FROM unnest($1::text::bigint[]) id";

/// Where the ids of these orders begin, beyond those of others.
const FIRST: usize = 1_000_000_000;

/// Orders a second in sets of this size, over so many of the products that there are.
pub(crate) async fn in_sets(
    database: &Database,
    products: usize,
    size: usize,
    time: Duration,
    seed: u64,
) -> Result<f64> {
    let mut options = ConnectOptions::new(database.url());
    options.max_connections(1).sqlx_logging(false);
    let connection = Connect::connect(options).await?;
    let (mut random, from) = (Random::new(seed, size), clock::now());
    // Sets of different sizes leave room for each other.
    let (first, mut done) = (size * FIRST, 0);
    while from.elapsed() < time {
        let wanted = array((0..size).map(|_| 1 + random.below(products)));
        let ids = array((0..size).map(|number| first + done + number));
        let tx = connection.begin().await?;
        run(&tx, LOCK, &[&wanted]).await?;
        run(&tx, SELL, &[&wanted]).await?;
        run(&tx, ORDERS, &[&ids]).await?;
        run(&tx, LINES, &[&ids, &wanted]).await?;
        run(&tx, EVENTS, &[&ids]).await?;
        tx.commit().await?;
        done += size;
    }
    let rate = done as f64 / from.elapsed().as_secs_f64();
    connection.close().await?;
    Ok(rate)
}

fn array(numbers: impl Iterator<Item = usize>) -> String {
    let numbers: Vec<_> = numbers.map(|number| number.to_string()).collect();
    format!("{{{}}}", numbers.join(","))
}

async fn run(tx: &DatabaseTransaction, sql: &str, values: &[&String]) -> Result<()> {
    let values = values.iter().map(|value| value.as_str().into());
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}
