//! SOAK: a busy day in ten minutes. What grows without end, or gets slower, is seen then.

use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;

use super::stage::{Stage, close, tell_faults};
use crate::load::{self, Timing};
use crate::options::Workload;
use crate::random::Random;
use crate::report::Report;
use crate::work::{BrowseBook, Browsing, Choice, OrderBook};

/// Orders a second.
const RATE: f64 = 2_000.0;

/// How many people look around at once, ten times a second each at the most.
const BROWSING: usize = 32;

/// A slice of a long load; a short one has ten.
const SLICE: Duration = Duration::from_secs(10);

/// The random choices of those who look around are not those of the ones who order.
const STREAMS: usize = 1_000_000;

pub(super) async fn run(stage: &Stage<'_>, report: &mut Report) -> Result<()> {
    if !stage.options.wants(Workload::Soak) {
        return Ok(());
    }
    let time = stage.options.soaked();
    let timing = Timing::new(stage.options.warm_up(), time).in_slices(SLICE.min(time / 10));
    println!(
        "SOAK: {RATE} orders a second are due for {} s, and {BROWSING} people look around.",
        time.as_secs()
    );
    let (shop, server) = stage.open_with_history().await?;
    let orders = Rc::new(OrderBook::new(&stage.world));
    let ordering = stage.visitors(&orders, Choice::All, stage.options.connections);
    let book = Rc::new(BrowseBook::new(&stage.world, Rc::clone(&orders)));
    let person = |number| Browsing::new(Rc::clone(&book), Random::new(stage.options.seed, STREAMS + number));
    let browsing: Vec<_> = (0..BROWSING).map(person).collect();
    let (address, watched) = (server.address, server.watched());
    let both = tokio::try_join!(
        load::run_open(address, watched, ordering, RATE, timing.of("orders ")),
        load::run(address, watched, browsing, timing.of("reads  ")),
    );
    let (measured, reads) = match both {
        Ok((measured, reads)) => (Ok(measured), Some(reads)),
        Err(error) => (Err(error), None),
    };
    let measured = tell_faults("SOAK", &server, measured)?;
    close("SOAK", &shop, server, &orders, measured.lost).await?;
    shop.database.discard()?;
    report.loads.push(("SOAK".to_owned(), measured));
    report.soak_reads = reads;
    Ok(())
}
