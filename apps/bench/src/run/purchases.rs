//! W3: orders that are paid by points.

use std::rc::Rc;

use anyhow::{Context as _, Result};

use super::stage::{Stage, settle_orders};
use crate::check;
use crate::options::Workload;
use crate::report::Report;
use crate::work::{Choice, OrderBook, PaymentBook, Purchasing};

pub(super) async fn run(stage: &Stage<'_>, report: &mut Report) -> Result<()> {
    if !stage.options.wants(Workload::W3) {
        return Ok(());
    }
    let (shop, server) = stage.open(&[]).await?;
    let orders = Rc::new(OrderBook::new(&stage.world));
    let payments = Rc::new(PaymentBook::new(&stage.world));
    let ordering = stage.visitors(&orders, Choice::All, stage.options.connections);
    let visitors = ordering.into_iter().map(|ordering| Purchasing::new(ordering, Rc::clone(&payments)));
    let measured = stage.load("W3", &server, visitors.collect(), stage.timing()).await?;
    server.stop().context("W3 has failed")?;
    let paid = payments.paid.take();
    check::payments(&shop.database, &paid, measured.lost).await.context("W3 has failed")?;
    settle_orders(&shop, &orders, measured.lost).await.context("W3 has failed")?;
    shop.database.discard()?;
    report.loads.push(("W3".to_owned(), measured));
    Ok(())
}
