//! One order a transaction, by the load generator that comes with PostgreSQL: what a shop does that knows no sets.

use std::fs;
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
    let report = order(database, products, time, &[])?;
    rate(&report).context("pgbench tells no rate")
}

/// How long orders take that are due at a rate, each from when it is due, in ms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct WhenDue {
    pub(crate) rate: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// The same when so many orders a second are due.
pub(crate) fn when_due(database: &Database, products: usize, rate: f64, time: Duration) -> Result<WhenDue> {
    let folder = tempfile::tempdir()?;
    let prefix = folder.path().join("log").display().to_string();
    let rate_text = format!("{rate:.0}");
    order(database, products, time, &["--rate", &rate_text, "--log", "--log-prefix", &prefix])?;
    let mut log = String::new();
    for file in fs::read_dir(folder.path())? {
        log += &fs::read_to_string(file?.path())?;
    }
    let mut micros = latencies(&log).context("pgbench tells no latency")?;
    micros.sort_unstable();
    let quantile = |of_hundred: usize| {
        micros.get(micros.len() * of_hundred / 100).map(|micros| f64::from(*micros) / 1_000.0)
    };
    let (p50, p99) = quantile(50).zip(quantile(99)).context("pgbench has made no orders")?;
    Ok(WhenDue { rate, p50, p99 })
}

/// Orders for some time; gives the report.
fn order(database: &Database, products: usize, time: Duration, options: &[&str]) -> Result<String> {
    let mut script = tempfile::NamedTempFile::new()?;
    write!(script, "\\set product random(1, {products})\n\\set user random(1, 2000)\n{ORDER}")?;
    let program = Service::Postgres.program("pgbench")?;
    let output = Command::new(program)
        .args(["--no-vacuum", "--protocol=prepared", "--client", CLIENTS, "--jobs=1", "--time"])
        .arg(time.as_secs().max(1).to_string())
        .args(options)
        .arg("--file")
        .arg(script.path())
        .arg(database.url())
        .output()
        .context("pgbench does not run")?;
    ensure!(output.status.success(), "pgbench failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The third word of each line of its log: how many µs a transaction took from when it was due.
fn latencies(log: &str) -> Option<Vec<u32>> {
    log.lines().map(|line| line.split_ascii_whitespace().nth(2)?.parse().ok()).collect()
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

    #[test]
    fn latencies_are_read_from_the_log() {
        let log = "0 1 1714 0 1764163200 123456 12\n3 1 20931 0 1764163200 223456 19217\n";
        assert_eq!(latencies(log), Some(vec![1_714, 20_931]));
        assert_eq!(latencies("0 1 skipped 0 1764163200 123456 12\n"), None);
    }
}
