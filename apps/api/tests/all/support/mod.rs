//! A running server and the people who use it.
//!
//! ```no_run
//! let server = Server::start();              // or Server::with(&[("JANGTEO__ORDERS__UNPAID_EXPIRY", "1s")])
//! let admin = server.admin().await;          // an Api with an administrator's token
//! let mug = admin.product("Mug", 12_000, 5).await;
//! let minji = server.customer().await;       // an Api with a new customer's token
//! minji.charge(50_000).await;
//! let order = minji.order(&[(&mug, 2)]).await.is(201);
//! minji.pay(order.id()).await.is(201);
//! server.adds_up();                          // the audit is clean
//! ```

mod api;
mod figures;
mod held;
mod open_files;
mod people;
mod reply;
pub(crate) mod server;
mod wire;

pub(crate) use api::{Api, next};
pub(crate) use figures::{Figures, figure};
pub(crate) use held::HeldRequest;
pub(crate) use open_files::allow_open_files;
pub(crate) use people::{PASSWORD, Person, money};
pub(crate) use reply::{Reply, counted};
pub(crate) use server::{Server, new_ring, run};
pub(crate) use wire::Wire;
