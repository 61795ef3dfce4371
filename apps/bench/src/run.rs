//! A run: what was asked for, one after the other.

use std::rc::Rc;

use anyhow::{Context as _, Result};

use crate::load::{Measured, Timing};
use crate::options::{Options, Workload};
use crate::random::Random;
use crate::shop::{Database, Postgres, Shop, World};
use crate::table::Table;
use crate::work::{Choice, OrderBook, Ordering};
use crate::{check, load};

/// How many people order.
const BUYERS: usize = 2_000;

/// How many products there are.
const PRODUCTS: usize = 10_000;

pub(crate) fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(all(options))
}

async fn all(options: &Options) -> Result<()> {
    println!("The random choices begin with --seed {}.", options.seed);
    let mut table = Table::default();
    let on_postgres = [(Workload::W1, Choice::All), (Workload::W2, Choice::First)];
    if on_postgres.iter().any(|(workload, _)| options.wants(*workload)) {
        let postgres = Postgres::start()?;
        let stage = Stage::filled(options, postgres.new_database()?).await?;
        for (workload, choice) in on_postgres {
            stage.measure(options, workload, choice, &mut table).await?;
        }
    }
    if options.wants(Workload::W5) {
        let stage = Stage::filled(options, Database::in_file()?).await?;
        stage.measure(options, Workload::W5, Choice::All, &mut table).await?;
    }
    println!("\n{}", table.markdown());
    println!(
        "µs: processor time of each an order; others: of everybody else on the machine, kernel included."
    );
    Ok(())
}

/// A shop that is filled once and copied for each workload.
struct Stage {
    shop: Shop,
    world: World,
}

impl Stage {
    async fn filled(options: &Options, database: Database) -> Result<Self> {
        println!("Filling a shop with {BUYERS} people and {PRODUCTS} products.");
        let shop = Shop::new(&options.server, database)?;
        let world = shop.seed(BUYERS, PRODUCTS).await?;
        Ok(Self { shop, world })
    }

    async fn measure(
        &self,
        options: &Options,
        workload: Workload,
        choice: Choice,
        table: &mut Table,
    ) -> Result<()> {
        if options.wants(workload) {
            let measured = orders(options, &self.shop, &self.world, workload, choice).await;
            table.add(
                &format!("{workload:?}"),
                &measured.with_context(|| format!("{workload:?} has failed"))?,
            );
        }
        Ok(())
    }
}

/// Places orders and checks that they are there.
async fn orders(
    options: &Options,
    shop: &Shop,
    world: &World,
    workload: Workload,
    choice: Choice,
) -> Result<Measured> {
    println!("{workload:?}: {} connections place orders.", options.connections);
    let shop = shop.on(shop.database.copy()?);
    let server = shop.start(&[]).await?;
    let book = Rc::new(OrderBook::new(world));
    let visitor = |stream| Ordering::new(Rc::clone(&book), choice, Random::new(options.seed, stream));
    let visitors = (0..options.connections).map(visitor).collect();
    let timing = Timing { warm_up: options.warm_up(), measured: options.measured() };
    let measured = load::run(server.address, server.watched(), visitors, timing).await;
    let complaints = server.complaints()?;
    if !complaints.is_empty() {
        println!("  The server has complained:\n{complaints}");
    }
    let measured = measured?;
    if let Some(why) = &measured.first_loss {
        println!("  {} requests were lost; the first: {why}", measured.lost);
    }
    server.stop()?;
    let acknowledged = book.acknowledged.take();
    check::orders(&shop.database, &acknowledged, measured.lost).await?;
    shop.audit()?;
    println!("  All {} orders are there, and the audit is clean.", acknowledged.len());
    shop.database.discard()?;
    Ok(measured)
}
