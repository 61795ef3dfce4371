//! Whether the database has what was acknowledged. A run that fails here has no throughput.

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, QueryResult, Statement};
use uuid::Uuid;

use crate::shop::{Database, INITIAL_STOCK};
use crate::work::Acknowledged;

/// Every acknowledged order is there with its total, at most `lost` others are, and the stock has gone down by just what
/// the orders say.
pub(crate) async fn orders(database: &Database, acknowledged: &[Acknowledged], lost: u64) -> Result<()> {
    let connection = database.connect().await?;
    let rows = query(
        &connection,
        "SELECT o.id, o.total_amount, (SELECT CAST(SUM(l.quantity) AS BIGINT) FROM order_lines l \
         WHERE l.order_id = o.id) FROM orders o",
    )
    .await?;
    let mut there = HashMap::with_capacity(rows.len());
    for row in rows {
        let id: Uuid = row.try_get_by_index(0)?;
        let (total, units): (i64, i64) = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
        there.insert(id, (total, units));
    }
    let others = compare(there, acknowledged)?;
    ensure!(others <= lost, "there are {others} orders that nobody was told of, of {lost} that may be there");

    let units = number(&connection, "SELECT CAST(SUM(quantity) AS BIGINT) FROM order_lines").await?;
    let taken = number(
        &connection,
        &format!("SELECT CAST(SUM({INITIAL_STOCK} - quantity) AS BIGINT) FROM product_stock"),
    )
    .await?;
    ensure!(units == taken, "{units} units are ordered and {taken} were taken out of the stock");
    let wrong = number(
        &connection,
        &format!(
            "SELECT COUNT(*) FROM product_stock s LEFT JOIN \
             (SELECT product_id, SUM(quantity) AS units FROM order_lines GROUP BY product_id) l \
             ON l.product_id = s.product_id WHERE {INITIAL_STOCK} - s.quantity <> COALESCE(l.units, 0)"
        ),
    )
    .await?;
    ensure!(wrong == 0, "the stock of {wrong} products is not what their orders have left");
    Ok(connection.close().await?)
}

/// How many orders are there that were not acknowledged; fails if one that was is not, or another one.
fn compare(mut there: HashMap<Uuid, (i64, i64)>, acknowledged: &[Acknowledged]) -> Result<u64> {
    for order in acknowledged {
        let found = there.remove(&order.id);
        let (total, units) =
            found.with_context(|| format!("order {} was acknowledged, twice or for nothing", order.id))?;
        ensure!(total == order.total, "order {} costs {total}, and {} was told", order.id, order.total);
        ensure!(units == i64::from(order.units), "order {} has {units} units, not {}", order.id, order.units);
    }
    Ok(u64::try_from(there.len())?)
}

pub(crate) async fn query(connection: &DatabaseConnection, sql: &str) -> Result<Vec<QueryResult>> {
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
}
