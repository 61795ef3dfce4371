//! A shop that is filled once and copied for each workload.

use std::path::Path;
use std::rc::Rc;

use anyhow::{Context as _, Result};

use crate::check;
use crate::load::{self, Measured, Timing, Visitor};
use crate::options::Options;
use crate::random::Random;
use crate::report::Report;
use crate::shop::{Database, Postgres, Running, Shop, World};
use crate::work::{Choice, OrderBook, Ordering};

/// How many people order.
pub(super) const BUYERS: usize = 2_000;

/// How many products there are.
pub(super) const PRODUCTS: usize = 10_000;

/// How often each of them has ordered before, where that matters: two pages of orders.
const PAST_ORDERS: usize = 40;

pub(super) struct Stage<'a> {
    pub(super) options: &'a Options,
    pub(super) shop: Shop,
    pub(super) world: World,
}

impl<'a> Stage<'a> {
    pub(super) async fn on_postgres(options: &'a Options, postgres: &Postgres) -> Result<Self> {
        Self::filled(options, &options.server, postgres.new_database()?, PRODUCTS).await
    }

    pub(super) async fn filled(
        options: &'a Options,
        server: &Path,
        database: Database,
        products: usize,
    ) -> Result<Self> {
        println!("Filling a shop with {BUYERS} people and {products} products.");
        let shop = Shop::new(server, database)?;
        let world = shop.seed(BUYERS, products).await?;
        Ok(Self { options, shop, world })
    }

    pub(super) fn timing(&self) -> Timing {
        Timing::new(self.options.warm_up(), self.options.measured())
    }

    /// The same shop on a fresh copy of its database, and its server.
    pub(super) async fn open(&self, variables: &[(&str, &str)]) -> Result<(Shop, Running)> {
        let shop = self.shop.on(self.shop.database.copy()?);
        let server = shop.start(variables).await?;
        Ok((shop, server))
    }

    /// The same, where people have ordered before.
    pub(super) async fn open_with_history(&self) -> Result<(Shop, Running)> {
        let shop = self.shop.on(self.shop.database.copy()?);
        shop.add_history(BUYERS * PAST_ORDERS).await?;
        let server = shop.start(&[]).await?;
        Ok((shop, server))
    }

    /// Loads a server that keeps nothing that would have to be checked afterwards, or checks it elsewhere.
    pub(super) async fn load<V: Visitor>(
        &self,
        name: &str,
        server: &Running,
        visitors: Vec<V>,
        timing: Timing,
    ) -> Result<Measured> {
        println!("{name}: {} connections.", visitors.len());
        let measured = load::run(server.address, server.watched(), visitors, timing).await;
        tell_faults(name, server, measured)
    }

    /// Places orders and checks that they are there.
    pub(super) async fn orders(
        &self,
        name: &str,
        choice: Choice,
        connections: usize,
        timing: Timing,
    ) -> Result<Measured> {
        let (shop, server) = self.open(&[]).await?;
        let book = Rc::new(OrderBook::new(&self.world));
        let visitors = self.visitors(&book, choice, connections);
        let measured = self.load(name, &server, visitors, timing).await?;
        close(name, &shop, server, &book, measured.lost).await?;
        shop.database.discard()?;
        Ok(measured)
    }

    pub(super) fn visitors(&self, book: &Rc<OrderBook>, choice: Choice, count: usize) -> Vec<Ordering> {
        let visitor = |stream| Ordering::new(Rc::clone(book), choice, Random::new(self.options.seed, stream));
        (0..count).map(visitor).collect()
    }

    /// The same as [`Self::orders`], into the report.
    pub(super) async fn report_orders(&self, name: &str, choice: Choice, report: &mut Report) -> Result<()> {
        let measured = self.orders(name, choice, self.options.connections, self.timing()).await?;
        report.loads.push((name.to_owned(), measured));
        Ok(())
    }
}

/// Stops the server, checks what was acknowledged, and audits.
pub(super) async fn close(
    name: &str,
    shop: &Shop,
    server: Running,
    book: &OrderBook,
    lost: u64,
) -> Result<()> {
    let closed = async {
        server.stop()?;
        settle_orders(shop, book, lost).await
    };
    closed.await.with_context(|| failed(name))
}

/// Checks what was acknowledged, and audits.
pub(super) async fn settle_orders(shop: &Shop, book: &OrderBook, lost: u64) -> Result<()> {
    let acknowledged = book.acknowledged.take();
    check::orders(&shop.database, book.since, &acknowledged, lost).await?;
    shop.audit()?;
    println!("  All {} orders are there, and the audit is clean.", acknowledged.len());
    Ok(())
}

/// Says what went wrong on the side, and gives the result.
pub(super) fn tell_faults(name: &str, server: &Running, measured: Result<Measured>) -> Result<Measured> {
    let complaints = server.complaints()?;
    if !complaints.is_empty() {
        println!("  The server has complained:\n{complaints}");
    }
    let measured = measured.with_context(|| failed(name))?;
    if let Some(why) = &measured.first_loss {
        println!("  {} requests were lost; the first: {why}", measured.lost);
    }
    Ok(measured)
}

/// What an error begins with that leaves a load without a figure.
pub(super) fn failed(name: &str) -> String {
    format!("{name} has failed")
}
