//! What PostgreSQL can do without a shop in front of it.

use anyhow::Result;

use super::stage::{PRODUCTS, Stage};
use crate::limits::{self, Holding};
use crate::options::{Options, Workload};
use crate::report::{HOT_ROW, ONE_A_TRANSACTION, Report};
use crate::shop::{Database, Postgres};

const SMALL: Holding = Holding { products: PRODUCTS, orders: 0 };

pub(super) async fn run(options: &Options, postgres: &Postgres, report: &mut Report) -> Result<()> {
    if !options.wants(Workload::W1) && !options.wants(Workload::W2) {
        return Ok(());
    }
    println!("Limits: orders by SQL alone.");
    let sets = [("SQL only, sets of 128", 128), ("SQL only, sets of 512", 512)];
    measure(options, postgres, SMALL, &[(ONE_A_TRANSACTION, SMALL.products), (HOT_ROW, 1)], &sets, report)
        .await
}

/// The limits of S2, in tables that hold as much.
pub(super) async fn run_large(
    options: &Options,
    postgres: &Postgres,
    large: Holding,
    report: &mut Report,
) -> Result<()> {
    println!("Limits: orders by SQL alone, among as many as in S2.");
    let (one_each, sets) = ("pgbench, as much in the tables as in S2", "SQL only, sets of 128, likewise");
    measure(options, postgres, large, &[(one_each, large.products)], &[(sets, 128)], report).await
}

/// The limit of a schedule: what pgbench does at its rate.
pub(super) async fn run_when_due(
    stage: &Stage<'_>,
    name: &'static str,
    rate: f64,
    report: &mut Report,
) -> Result<()> {
    let database = stage.shop.database.new_one_beside()?;
    limits::prepare(&database, SMALL).await?;
    let seen = limits::when_due(&database, SMALL.products, rate, stage.options.measured())?;
    println!("    pgbench at that rate: p50 {:.2} ms, p99 {:.2} ms", seen.p50, seen.p99);
    report.when_due.push((name, seen));
    database.discard()
}

/// The limits of W5.
pub(super) async fn run_embedded(options: &Options, report: &mut Report) -> Result<()> {
    println!("Limits: orders on SQLite by SQL alone.");
    for (name, size) in [("SQLite, SQL only, sets of 128", 128), ("SQLite, SQL only, sets of 512", 512)] {
        let database = Database::in_file()?;
        let (time, seed) = (options.measured(), options.seed);
        let rate = limits::in_embedded_sets(&database, SMALL.products, size, time, seed).await?;
        println!("    {name}: {rate:.0}/s");
        report.limits.push((name, rate));
    }
    Ok(())
}

/// One order a transaction over so many products, and orders in sets of so many.
async fn measure(
    options: &Options,
    postgres: &Postgres,
    holding: Holding,
    one_each: &[(&'static str, usize)],
    sets: &[(&'static str, usize)],
    report: &mut Report,
) -> Result<()> {
    let database = postgres.new_database()?;
    limits::prepare(&database, holding).await?;
    let mut enter = |name, rate| {
        println!("    {name}: {rate:.0}/s");
        report.limits.push((name, rate));
    };
    for (name, products) in one_each {
        enter(name, limits::one_a_transaction(&database, *products, options.measured())?);
    }
    for (name, size) in sets {
        let rate = limits::in_sets(&database, holding.products, *size, options.measured(), options.seed);
        enter(name, rate.await?);
    }
    database.discard()
}
