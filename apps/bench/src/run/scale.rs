//! S2: the reads, and the orders of W1, in a shop that has sold for years, each between two loads of the small shop: the
//! machine may be another one half an hour later.

use std::rc::Rc;

use anyhow::{Context as _, Result};

use super::reads::{self, Read};
use super::stage::{Stage, failed, settle_orders};
use crate::clock;
use crate::limits::Holding;
use crate::load::{Measured, Visitor};
use crate::options::Workload;
use crate::report::{Report, small_loads};
use crate::shop::{Postgres, Walks};
use crate::work::{Choice, OrderBook};

/// What only reads comes first, so that all loads can use one database: a copy of it takes minutes.
const READS: [(&str, Read); 3] =
    [("S2 R1", Read::Product), ("S2 R2", Read::Catalogue), ("S2 R3", Read::OwnOrders)];

pub(super) async fn run(small: &Stage<'_>, postgres: &Postgres, report: &mut Report) -> Result<()> {
    let options = small.options;
    if !options.wants(Workload::S2) {
        return Ok(());
    }
    let orders = options.s2_orders;
    let products = (orders / 10).max(1);
    super::limits::run_large(options, postgres, Holding { products, orders }, report).await?;
    let from = clock::now();
    let stage = Stage::filled(options, &options.server, postgres.new_database()?, products).await?;
    stage.shop.add_history(orders).await?;
    println!("  Filling it took {:.0} s.", from.elapsed().as_secs_f64());
    for (name, read) in READS {
        let [before, after] = small_loads(name);
        let first = reads::measure(small, &before, read).await?;
        let measured = load(&stage, name, reads::visitors(&stage, read)).await?;
        let second = reads::measure(small, &after, read).await?;
        report.loads.extend([(before, first), (name.to_owned(), measured), (after, second)]);
    }
    let (name, book) = ("S2 W1", Rc::new(OrderBook::new(&stage.world)));
    let [before, after] = small_loads(name);
    small.report_orders(&before, Choice::All, report).await?;
    let visitors = stage.visitors(&book, Choice::All, options.connections);
    let measured = load(&stage, name, visitors).await?;
    let lost = measured.lost;
    report.loads.push((name.to_owned(), measured));
    small.report_orders(&after, Choice::All, report).await?;
    settle_orders(&stage.shop, &book, lost).await.with_context(|| failed(name))?;
    stage.shop.database.discard()
}

/// Loads a server on the database itself, in which no query may walk through a large table.
async fn load<V: Visitor>(stage: &Stage<'_>, name: &str, visitors: Vec<V>) -> Result<Measured> {
    let walks = Walks::begin(&stage.shop.database).await?;
    let server = stage.shop.start(&[]).await?;
    let measured = stage.load(name, &server, visitors, stage.timing()).await?;
    server.stop().with_context(|| failed(name))?;
    walks.ensure_none(measured.statuses.values().sum()).await.with_context(|| failed(name))?;
    Ok(measured)
}
