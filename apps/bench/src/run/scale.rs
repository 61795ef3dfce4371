//! S2: the orders of W1 in a shop that has sold for years.

use anyhow::Result;
use sea_orm::ConnectionTrait as _;

use super::stage::Stage;
use crate::options::{Options, Workload};
use crate::report::Report;
use crate::shop::Postgres;
use crate::work::Choice;

/// How many are made at once.
const SET: usize = 500_000;

/// Orders of one line that were never paid and have expired, over two years and all people; their units are back in stock.
/// The ids ascend with the time, as those of the shop do.
const MADE: &str = "
WITH people AS (SELECT array_agg(id) AS ids FROM users WHERE role = 'CUSTOMER'),
goods AS (SELECT array_agg(id) AS ids FROM (SELECT id FROM products LIMIT 10000) few),
made AS (
    SELECT n, moment, lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '70008000'
        || lpad(to_hex(n), 12, '0') AS hex
    FROM generate_series($FROM::bigint, $UNTIL::bigint) n,
        LATERAL (SELECT now() - interval '2 years' + n * interval '6 seconds' AS moment) then_
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

pub(super) async fn run(options: &Options, postgres: &Postgres, report: &mut Report) -> Result<()> {
    if !options.wants(Workload::S2) {
        return Ok(());
    }
    let orders = options.s2_orders;
    let products = (orders / 10).max(1);
    let stage = Stage::filled(options, &options.server, postgres.new_database()?, products).await?;
    let connection = stage.shop.database.connect().await?;
    for first in (0..orders).step_by(SET) {
        let until = orders.min(first + SET);
        let sql = MADE.replace("$FROM", &first.to_string()).replace("$UNTIL", &(until - 1).to_string());
        connection.execute_unprepared(&sql).await?;
        println!("    {until:>9} of {orders} orders are made");
    }
    connection.close().await?;
    stage.shop.database.settle().await?;
    stage.report_orders("S2", Choice::All, report).await?;
    stage.shop.database.clone().discard()
}
