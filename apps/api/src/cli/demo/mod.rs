//! `jangteo demo`: a small shop to try things out with.
//!
//! Every step looks whether its work is there already, so the command can be repeated, and continues where an earlier
//! run was cut off. All of it goes through the use cases, some days ago: what it makes looks as if it had happened.

mod accounts;
mod campaign;
mod catalogue;
mod history;

use std::sync::Arc;

use chrono::TimeDelta;
use jangteo_application::{Sources, count_sales};
use jangteo_security::SystemEntropy;
use jangteo_shared_kernel::{Clock, Timestamp};

use super::{DONE, say};
use crate::administration::Administration;
use crate::config::Settings;
use crate::shop::{Shop, UseCases};
use crate::storage;

pub(super) async fn run(settings: &Settings) -> anyhow::Result<u8> {
    let (shop, _) = Shop::open(settings).await?;
    storage::prepare(&shop.storage, settings).await?;
    let demo = Demo { settings, shop };
    let (admin, customer) = (demo.account(&accounts::ADMIN).await?, demo.account(&accounts::CUSTOMER).await?);
    let products = demo.products().await?;
    let campaigns = demo.campaigns().await?;
    let points = demo.points(customer.id).await?;
    let orders = demo.orders(customer.id).await?;
    // What was sold shows in the rankings without waiting for a server.
    count_sales(&demo.shop.storage, &demo.shop.sources, demo.shop.zone).await?;

    let made = usize::from(admin.new) + usize::from(customer.new) + products + campaigns + points + orders;
    if made == 0 {
        say("The demo shop was loaded before: nothing has changed.")?;
    } else {
        say(format!("Loaded the demo shop: {products} products and {orders} orders are new."))?;
    }
    say("Log in as")?;
    for (account, role) in [(accounts::ADMIN, "runs the shop"), (accounts::CUSTOMER, "buys")] {
        say(format!("  {}  {}  ({role})", account.email, account.password))?;
    }
    say("These accounts are for trying things out only: everybody knows their passwords.")?;
    demo.shop.storage.close().await?;
    Ok(DONE)
}

/// A shop that is being filled.
struct Demo<'a> {
    settings: &'a Settings,
    shop: Shop,
}

impl Demo<'_> {
    /// Time and chance as they were so many days ago.
    fn days_ago(&self, days: i64) -> Sources {
        let then = self.shop.sources.now() - TimeDelta::days(days);
        Sources::new(Arc::new(Stopped(then)), Arc::new(SystemEntropy))
    }

    /// The use cases of customers with these sources.
    fn use_cases(&self, sources: &Sources) -> anyhow::Result<UseCases> {
        UseCases::new(self.settings, sources)
    }

    /// The use cases of administrators. Whoever runs this has the machine, and so needs no proof.
    fn administration(&self, sources: &Sources) -> Administration {
        Administration::new(self.settings, sources)
    }
}

/// A clock that stands still.
struct Stopped(Timestamp);

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        self.0
    }
}
