//! A run: what was asked for, one after the other, each on a copy of one shop.

mod claims;
mod limits;
mod memory;
mod orders;
mod purchases;
mod reads;
mod scale;
mod schedule;
mod soak;
mod stage;

use anyhow::Result;

use crate::options::{Options, Workload};
use crate::report::Report;
use crate::shop::Postgres;
use stage::Stage;

pub(crate) fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(all(options))
}

async fn all(options: &Options) -> Result<()> {
    println!("The random choices begin with --seed {}.", options.seed);
    let mut report = Report::default();
    let measured = measure(options, &mut report).await;
    // What was measured before something failed is worth reading.
    report.failure = measured.as_ref().err().map(|error| format!("{error:#}"));
    println!("\n{}", report.tables());
    let written = report.write(options);
    measured.and(written)
}

async fn measure(options: &Options, report: &mut Report) -> Result<()> {
    let on_postgres = [
        Workload::R1,
        Workload::R2,
        Workload::R3,
        Workload::W1,
        Workload::W2,
        Workload::W3,
        Workload::W4,
        Workload::L1,
        Workload::L2,
        Workload::Soak,
        Workload::S2,
    ];
    if on_postgres.iter().any(|workload| options.wants(*workload)) {
        let postgres = Postgres::start()?;
        report.postgres = Some(postgres.version().await?);
        report.settings.clone_from(&postgres.settings);
        let stage = Stage::on_postgres(options, &postgres).await?;
        reads::run(&stage, report).await?;
        limits::run(options, &postgres, report).await?;
        orders::run(&stage, report).await?;
        purchases::run(&stage, report).await?;
        claims::run(&stage, report).await?;
        schedule::run(&stage, report).await?;
        soak::run(&stage, report).await?;
        scale::run(&stage, &postgres, report).await?;
    }
    orders::on_sqlite(options, report).await?;
    memory::run(options, report).await
}
