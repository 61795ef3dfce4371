//! M1: memory without and with load, and how long a shop takes from nothing to its first answer.

use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::time::sleep;

use super::stage::{PRODUCTS, Stage, close};
use crate::clock;
use crate::http::Connection;
use crate::options::{Options, Workload};
use crate::report::{Memory, Report};
use crate::shop::{Database, Postgres, Shop};
use crate::usage;
use crate::work::{Choice, OrderBook, get};

/// How long a server is left alone before it counts as idle.
const IDLE: Duration = Duration::from_secs(2);

/// How often a start is timed. The middle one counts.
const STARTS: usize = 5;

pub(super) async fn run(options: &Options, report: &mut Report) -> Result<()> {
    if !options.wants(Workload::M1) {
        return Ok(());
    }
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(start(options).await?);
    }
    starts.sort();
    let embedded = Stage::filled(options, &options.server, Database::in_file()?, PRODUCTS).await?;
    let (_, server) = embedded.open(&[]).await?;
    sleep(IDLE).await;
    let idle_on_sqlite = usage::resident(server.watched().server)?;
    drop(server);

    let postgres = Postgres::start()?;
    let stage = Stage::on_postgres(options, &postgres).await?;
    let (shop, server) = stage.open(&[]).await?;
    sleep(IDLE).await;
    let idle = usage::resident(server.watched().server)?;
    let book = Rc::new(OrderBook::new(&stage.world));
    let visitors = stage.visitors(&book, Choice::All, options.connections);
    let measured = stage.load("M1, with the orders of W1", &server, visitors, stage.timing()).await?;
    close("M1", &shop, server, &book, measured.lost).await?;
    report.memory =
        Some(Memory { idle, idle_on_sqlite, loaded: measured.resident(), start: starts[STARTS / 2] });
    Ok(())
}

/// From the start of the program, in an empty folder, to its first answer.
async fn start(options: &Options) -> Result<Duration> {
    let shop = Shop::in_empty_folder(&options.server)?;
    let from = clock::now();
    let server = shop.start(&[]).await?;
    let mut connection = Connection::to(server.address);
    let answer = connection.exchange(&get("/api/v1/products")).await?;
    ensure!(answer.status == 200, "the first answer is {}", answer.status);
    Ok(from.elapsed())
}
