//! What PostgreSQL can do without a shop in front of it.

use anyhow::Result;

use crate::limits;
use crate::options::{Options, Workload};
use crate::report::{HOT_ROW, ONE_A_TRANSACTION, Report};
use crate::shop::Postgres;

pub(super) async fn run(options: &Options, postgres: &Postgres, report: &mut Report) -> Result<()> {
    if !options.wants(Workload::W1) && !options.wants(Workload::W2) {
        return Ok(());
    }
    println!("Limits: orders by SQL alone.");
    let database = postgres.new_database()?;
    limits::prepare(&database).await?;
    for (name, products) in [(ONE_A_TRANSACTION, 10_000), (HOT_ROW, 1)] {
        let rate = limits::one_a_transaction(&database, products, options.measured())?;
        println!("    {name}: {rate:.0}/s");
        report.limits.push((name, rate));
    }
    for (name, size) in [("SQL only, sets of 128", 128), ("SQL only, sets of 512", 512)] {
        let rate = limits::in_sets(&database, size, options.measured(), options.seed).await?;
        println!("    {name}: {rate:.0}/s");
        report.limits.push((name, rate));
    }
    database.discard()
}
