//! Whether the database has what was acknowledged. A run that fails here has no throughput.

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, QueryResult, Statement};
use uuid::Uuid;

use crate::shop::{Database, INITIAL_STOCK, POINTS};
use crate::work::Acknowledged;

/// How many orders are read at once: a million rows take far more room than what they say.
const SET: usize = 50_000;

/// Of the orders with ids from `since` on: every acknowledged one is there with its total and its units, at most `lost`
/// others are, and the stock has gone down by just what the orders say.
pub(crate) async fn orders(
    database: &Database,
    since: Uuid,
    acknowledged: &[Acknowledged],
    lost: u64,
) -> Result<()> {
    let connection = database.connect().await?;
    let there = placed(&connection, since, acknowledged.len()).await?;
    let since = literal(&connection, since);
    let others = compare(there, acknowledged)?;
    ensure!(others <= lost, "there are {others} orders that nobody was told of, of {lost} that may be there");

    let lines = format!("order_lines WHERE order_id >= {since}");
    let units = number(&connection, &format!("SELECT CAST(SUM(quantity) AS BIGINT) FROM {lines}")).await?;
    let taken = format!("SELECT CAST(SUM({INITIAL_STOCK} - quantity) AS BIGINT) FROM product_stock");
    let taken = number(&connection, &taken).await?;
    ensure!(units == taken, "{units} units are ordered and {taken} were taken out of the stock");
    let wrong = format!(
        "SELECT COUNT(*) FROM product_stock s LEFT JOIN \
         (SELECT product_id, SUM(quantity) AS units FROM {lines} GROUP BY product_id) l \
         ON l.product_id = s.product_id WHERE {INITIAL_STOCK} - s.quantity <> COALESCE(l.units, 0)"
    );
    let wrong = number(&connection, &wrong).await?;
    ensure!(wrong == 0, "the stock of {wrong} products is not what their orders have left");
    Ok(connection.close().await?)
}

/// The totals and units of the orders with ids from `since` on, of which there should be `about` so many.
async fn placed(
    connection: &DatabaseConnection,
    since: Uuid,
    about: usize,
) -> Result<HashMap<Uuid, (i64, i64)>> {
    let mut there = HashMap::with_capacity(about);
    let mut next = Some(since);
    while let Some(from) = next {
        let rows = query(
            connection,
            &format!(
                "SELECT o.id, o.total_amount, (SELECT CAST(SUM(l.quantity) AS BIGINT) FROM order_lines l \
                 WHERE l.order_id = o.id) FROM orders o WHERE o.id >= {} ORDER BY o.id LIMIT {SET}",
                literal(connection, from)
            ),
        )
        .await?;
        next = None;
        let full = rows.len() == SET;
        for row in rows {
            let id: Uuid = row.try_get_by_index(0)?;
            there.insert(id, (row.try_get_by_index(1)?, row.try_get_by_index(2)?));
            // The last one is read twice, which changes nothing.
            next = full.then_some(id);
        }
    }
    Ok(there)
}

/// Every order whose payment was acknowledged is paid, at most `lost` others are, and the points have gone down by just
/// what the paid orders cost.
pub(crate) async fn payments(database: &Database, paid: &[Uuid], lost: u64) -> Result<()> {
    let connection = database.connect().await?;
    let rows = query(&connection, "SELECT id FROM orders WHERE status = 'PAID'").await?;
    among(rows, paid, lost, "paid orders")?;
    let spent = "SELECT CAST(SUM(total_amount) AS BIGINT) FROM orders WHERE status = 'PAID'";
    let spent = number(&connection, spent).await?;
    let gone = "SELECT CAST(SUM($POINTS - balance) AS BIGINT) FROM point_accounts WHERE sequence > 0";
    let gone = number(&connection, &gone.replace("$POINTS", &POINTS.to_string())).await?;
    ensure!(spent == gone, "the paid orders cost {spent}, and {gone} points are gone");
    Ok(connection.close().await?)
}

/// Every coupon that was acknowledged is there, and at most `lost` others are.
pub(crate) async fn claims(database: &Database, granted: &[Uuid], lost: u64) -> Result<()> {
    let connection = database.connect().await?;
    let rows = query(&connection, "SELECT id FROM issued_coupons").await?;
    among(rows, granted, lost, "coupons")?;
    Ok(connection.close().await?)
}

/// All of these are among the rows, each once, and at most `lost` others.
fn among(rows: Vec<QueryResult>, told: &[Uuid], lost: u64, what: &str) -> Result<()> {
    let mut there = HashMap::with_capacity(rows.len());
    for row in rows {
        there.insert(row.try_get_by_index(0)?, (0, 0));
    }
    let told: Vec<_> = told.iter().map(|id| Acknowledged { id: *id, total: 0, units: 0 }).collect();
    let others = compare(there, &told).with_context(|| format!("of {what}"))?;
    ensure!(others <= lost, "there are {others} {what} that nobody was told of, of {lost} that may be there");
    Ok(())
}

/// How many are there that were not acknowledged; fails if one that was is not, or is another.
fn compare(mut there: HashMap<Uuid, (i64, i64)>, acknowledged: &[Acknowledged]) -> Result<u64> {
    for told in acknowledged {
        let found = there.remove(&told.id);
        let (total, units) =
            found.with_context(|| format!("{} was acknowledged twice, or is not there", told.id))?;
        ensure!(total == told.total, "{} costs {total}, and {} was told", told.id, told.total);
        ensure!(units == i64::from(told.units), "{} has {units} units, and not {}", told.id, told.units);
    }
    Ok(u64::try_from(there.len())?)
}

/// An id in SQL.
fn literal(connection: &DatabaseConnection, id: Uuid) -> String {
    match connection.get_database_backend() {
        DbBackend::Sqlite => format!("X'{}'", id.simple()),
        _ => format!("'{id}'"),
    }
}

async fn query(connection: &DatabaseConnection, sql: &str) -> Result<Vec<QueryResult>> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    connection.query_all_raw(statement).await.with_context(|| format!("{sql} fails"))
}

async fn number(connection: &DatabaseConnection, sql: &str) -> Result<i64> {
    let rows = query(connection, sql).await?;
    let number: Option<i64> = rows.first().context("a sum is a row")?.try_get_by_index(0)?;
    Ok(number.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(id: u128, total: i64) -> Acknowledged {
        Acknowledged { id: Uuid::from_u128(id), total, units: 1 }
    }

    #[test]
    fn lost_doubled_and_changed_orders_are_found() {
        let there = || HashMap::from([(Uuid::from_u128(1), (10, 1)), (Uuid::from_u128(2), (20, 1))]);
        assert_eq!(compare(there(), &[order(1, 10), order(2, 20)]).unwrap(), 0);
        assert_eq!(compare(there(), &[order(2, 20)]).unwrap(), 1);
        for wrong in
            [[order(1, 10), order(3, 10)], [order(1, 10), order(1, 10)], [order(1, 10), order(2, 21)]]
        {
            assert!(compare(there(), &wrong).is_err());
        }
    }

    /// Two orders, of one and of two units, and what they have left of the stock.
    const SHOP: &str = "CREATE TABLE orders (id BLOB, total_amount BIGINT, status TEXT);
        CREATE TABLE order_lines (order_id BLOB, product_id BLOB, quantity BIGINT);
        CREATE TABLE product_stock (product_id BLOB, quantity BIGINT);
        INSERT INTO orders VALUES (X'00000000000000000000000000000001', 10, 'PAID');
        INSERT INTO orders VALUES (X'00000000000000000000000000000002', 20, 'PENDING_PAYMENT');
        INSERT INTO order_lines VALUES (X'00000000000000000000000000000001', X'0A', 1);
        INSERT INTO order_lines VALUES (X'00000000000000000000000000000002', X'0B', 2);
        INSERT INTO product_stock VALUES (X'0A', 99999999), (X'0B', 99999998);";

    /// What the check says of the shop after this has happened to it.
    async fn after(happened: &str, told: &[Acknowledged], lost: u64) -> Result<()> {
        let database = Database::in_file()?;
        std::fs::write(database.url().trim_start_matches("sqlite://"), "")?;
        let connection = database.connect().await?;
        connection.execute_unprepared(SHOP).await?;
        connection.execute_unprepared(happened).await?;
        connection.close().await?;
        orders(&database, Uuid::nil(), told, lost).await
    }

    #[tokio::test]
    async fn a_database_that_differs_from_what_was_told_fails() {
        let both = [order(1, 10), Acknowledged { units: 2, ..order(2, 20) }];
        after("SELECT 1", &both, 0).await.unwrap();
        // Somebody was cut off before hearing of it.
        after("SELECT 1", &both[..1], 1).await.unwrap();
        after("SELECT 1", &both[..1], 0).await.unwrap_err();
        for happened in [
            "DELETE FROM orders WHERE total_amount = 10",
            "UPDATE orders SET total_amount = 11 WHERE total_amount = 10",
            "UPDATE order_lines SET quantity = 3 WHERE quantity = 2",
            "UPDATE product_stock SET quantity = quantity + 1 WHERE product_id = X'0A'",
            // Sold from the wrong shelf: the sum is right.
            "UPDATE product_stock SET quantity = CASE product_id WHEN X'0A' THEN 99999998 ELSE 99999999 END",
        ] {
            assert!(after(happened, &both, 0).await.is_err(), "{happened}");
        }
    }
}
