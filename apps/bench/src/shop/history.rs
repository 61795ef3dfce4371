//! Orders of the past, by SQL: what a shop has in its tables after years.

use anyhow::Result;
use sea_orm::ConnectionTrait as _;

use super::Database;

/// How many are made at once.
const SET: usize = 250_000;

/// Orders of one line that were never paid and have expired, over two years and all people; their units are back in stock.
/// The ids ascend with the time, as those of the shop do.
const MADE: &str = "
WITH people AS (SELECT array_agg(id) AS ids FROM users WHERE role = 'CUSTOMER'),
goods AS (SELECT array_agg(id) AS ids FROM (SELECT id FROM products LIMIT 10000) few),
made AS (
    SELECT n, moment, lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '70008000'
        || lpad(to_hex(n), 12, '0') AS hex
    FROM generate_series($FROM::bigint, $UNTIL::bigint) n,
        LATERAL (SELECT now() - interval '730 days' + n * 63072000.0 / $ALL * interval '1 second' AS moment) then_
),
placed AS (
    INSERT INTO orders (id, user_id, gross_amount, discount_amount, total_amount, currency, status, created_at,
        expires_at, expired_at, version)
    SELECT hex::uuid, people.ids[(1 + n % cardinality(people.ids))::int], 12000, 0, 12000, 'KRW', 'EXPIRED', moment,
        moment + interval '30 minutes', moment + interval '31 minutes', 2
    FROM made, people
)
INSERT INTO order_lines (order_id, number, id, product_id, product_name, unit_price_amount, quantity, gross_amount,
    discount_amount, refunded, restocked)
SELECT hex::uuid, 1, hex::uuid, goods.ids[(1 + n * 7919 % cardinality(goods.ids))::int], 'Product', 12000, 1, 12000,
    0, 0, 0
FROM made, goods";

/// Makes so many of them in a database of PostgreSQL, and has it tidy up.
pub(super) async fn add(database: &Database, orders: usize) -> Result<()> {
    let connection = database.connect().await?;
    for first in (0..orders).step_by(SET) {
        let until = orders.min(first + SET);
        let sql = MADE
            .replace("$FROM", &first.to_string())
            .replace("$UNTIL", &(until - 1).to_string())
            .replace("$ALL", &orders.to_string());
        connection.execute_unprepared(&sql).await?;
        println!("    {until:>9} of {orders} orders are made");
    }
    connection.close().await?;
    database.settle().await
}
