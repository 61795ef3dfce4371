//! W1, W2 and W5: orders, and W1 by the number of connections.

use std::time::Duration;

use anyhow::Result;

use super::stage::{PRODUCTS, Stage};
use crate::load::Timing;
use crate::options::{Options, Workload};
use crate::report::Report;
use crate::shop::Database;
use crate::work::Choice;

/// For how many connections throughput is drawn.
const CONNECTIONS: &[usize] = &[1, 4, 16, 64, 128, 256, 512];
const FEW_CONNECTIONS: &[usize] = &[1, 16, 64, 256];

pub(super) async fn run(stage: &Stage<'_>, report: &mut Report) -> Result<()> {
    let workloads = [(Workload::W1, "W1", Choice::All), (Workload::W2, "W2", Choice::First)];
    for (workload, name, choice) in workloads {
        if stage.options.wants(workload) {
            stage.report_orders(name, choice, report).await?;
        }
    }
    // Only a run of everything, or one with something to compare with, draws them.
    if stage.options.wants(Workload::W1)
        && (stage.options.only.is_empty() || stage.options.baseline.is_some())
    {
        report.by_connections.push(("the server".to_owned(), sweep(stage).await?));
        if let Some(baseline) = &stage.options.baseline {
            let database = stage.shop.database.new_one_beside()?;
            let other = Stage::filled(stage.options, baseline, database, PRODUCTS).await?;
            for (name, choice) in [("W1 of the baseline", Choice::All), ("W2 of the baseline", Choice::First)]
            {
                other.report_orders(name, choice, report).await?;
            }
            report.by_connections.push(("the baseline".to_owned(), sweep(&other).await?));
        }
    }
    Ok(())
}

/// Throughput by the number of connections.
async fn sweep(stage: &Stage<'_>) -> Result<Vec<(usize, f64)>> {
    let quick = stage.options.quick;
    let (seconds, connections) = if quick { (3, FEW_CONNECTIONS) } else { (6, CONNECTIONS) };
    let timing = Timing::new(stage.options.warm_up(), Duration::from_secs(seconds));
    let mut points = Vec::new();
    for count in connections {
        let measured = stage.orders("W1 by connections", Choice::All, *count, timing).await?;
        points.push((*count, measured.rate()));
    }
    Ok(points)
}

pub(super) async fn on_sqlite(options: &Options, report: &mut Report) -> Result<()> {
    if options.wants(Workload::W5) {
        super::limits::run_embedded(options, report).await?;
        let stage = Stage::filled(options, &options.server, Database::in_file()?, PRODUCTS).await?;
        stage.report_orders("W5", Choice::All, report).await?;
    }
    Ok(())
}
