//! One order a transaction, by the load generator that comes with PostgreSQL: what a shop does that knows no sets.

use std::io::Write as _;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use jangteo_test_services::Service;

use crate::shop::Database;

/// How many order at once.
const CLIENTS: &str = "16";

/// Lock, update, three inserts.
const ORDER: &str = "\
BEGIN;
SELECT quantity FROM limit_stock WHERE product_id = :product FOR UPDATE;
UPDATE limit_stock SET quantity = quantity - 1, version = version + 1 WHERE product_id = :product;
INSERT INTO limit_orders (user_id, total, status, created_at)
VALUES (:user, 12000, 'PENDING_PAYMENT', now()) RETURNING id \\gset
INSERT INTO limit_lines (order_id, number, product_id, quantity, price) VALUES (:id, 1, :product, 1, 12000);
INSERT INTO limit_events (order_id, data) VALUES (:id, '{\"total\": 12000}');
COMMIT;
";

/// Orders a second over so many of the products that there are, one being a hot row.
pub(crate) fn one_a_transaction(database: &Database, products: usize, time: Duration) -> Result<f64> {
    let mut script = tempfile::NamedTempFile::new()?;
    write!(script, "\\set product random(1, {products})\n\\set user random(1, 2000)\n{ORDER}")?;
    let program = Service::Postgres.program("pgbench")?;
    let output = Command::new(program)
        .args(["--no-vacuum", "--protocol=prepared", "--client", CLIENTS, "--jobs=1", "--time"])
        .arg(time.as_secs().max(1).to_string())
        .arg("--file")
        .arg(script.path())
        .arg(database.url())
        .output()
        .context("pgbench does not run")?;
    ensure!(output.status.success(), "pgbench failed: {}", String::from_utf8_lossy(&output.stderr));
    rate(&String::from_utf8_lossy(&output.stdout)).context("pgbench tells no rate")
}

/// The rate in the report of pgbench.
fn rate(report: &str) -> Option<f64> {
    let line = report.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read_from_the_report() {
        let report =
            "scaling factor: 1\nlatency average = 2.8 ms\ntps = 5601.5 (without initial connection time)\n";
        assert_eq!(rate(report).map(f64::round), Some(5602.0));
        assert_eq!(rate("pgbench: error: no"), None);
    }
}
