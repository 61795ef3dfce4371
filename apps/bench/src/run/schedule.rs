//! L1 and L2: orders that come when they are due, whether the server is ready or not.

use std::rc::Rc;

use anyhow::Result;

use super::limits;
use super::stage::{Stage, close, tell_faults};
use crate::load;
use crate::options::Workload;
use crate::report::Report;
use crate::work::{Choice, OrderBook};

/// The rate of L1.
const GENTLE: f64 = 1_000.0;

pub(super) async fn run(stage: &Stage<'_>, report: &mut Report) -> Result<()> {
    if stage.options.wants(Workload::L1) {
        at(stage, "L1", GENTLE, report).await?;
    }
    if stage.options.wants(Workload::L2) {
        let half = match report.rate("W1") {
            Some(most) => most / 2.0,
            None => {
                stage.orders("W1", Choice::All, stage.options.connections, stage.timing()).await?.rate() / 2.0
            }
        };
        at(stage, "L2", half, report).await?;
    }
    Ok(())
}

async fn at(stage: &Stage<'_>, name: &'static str, rate: f64, report: &mut Report) -> Result<()> {
    println!("{name}: {rate:.0} orders a second are due.");
    let (shop, server) = stage.open(&[]).await?;
    let book = Rc::new(OrderBook::new(&stage.world));
    let visitors = stage.visitors(&book, Choice::All, stage.options.connections);
    let measured = load::run_open(server.address, server.watched(), visitors, rate, stage.timing()).await;
    let measured = tell_faults(name, &server, measured)?;
    close(name, &shop, server, &book, measured.lost).await?;
    shop.database.discard()?;
    report.loads.push((name.to_owned(), measured));
    limits::run_when_due(stage, name, rate, report).await
}
