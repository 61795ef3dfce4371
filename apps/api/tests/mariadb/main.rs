//! The tests of `../all` that depend on the engine, and those of `../servers`, on MariaDB: one server for all of them and
//! one database a test. No MariaDB on this machine is a failure, not a skip.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets what it did not expect stops there, in its helpers too"
)]
#![expect(clippy::wrong_self_convention, reason = "`reply.is(201)` hands the reply on")]

#[path = "../all/accounts.rs"]
mod accounts;
#[path = "../all/audit.rs"]
mod audit;
#[path = "../all/catalogue.rs"]
mod catalogue;
#[path = "../all/claim_storm.rs"]
mod claim_storm;
#[path = "../all/coupons.rs"]
mod coupons;
#[path = "../all/crashes/mod.rs"]
mod crashes;
#[path = "../all/crowd.rs"]
mod crowd;
#[path = "../servers/database_outage.rs"]
mod database_outage;
#[path = "../servers/deadlock.rs"]
mod deadlock;
#[path = "../servers/encrypted.rs"]
mod encrypted;
#[path = "../all/events.rs"]
mod events;
#[path = "../servers/figures.rs"]
mod figures;
#[path = "../all/hard_cases.rs"]
mod hard_cases;
#[path = "../servers/instances.rs"]
mod instances;
#[path = "../all/key_rotation.rs"]
mod key_rotation;
#[path = "../servers/outage.rs"]
mod outage;
#[path = "../all/ownership.rs"]
mod ownership;
#[path = "../all/paging.rs"]
mod paging;
#[path = "../all/popular.rs"]
mod popular;
#[path = "../all/precedence.rs"]
mod precedence;
#[path = "../all/races.rs"]
mod races;
#[path = "../all/refunds.rs"]
mod refunds;
#[path = "../all/replay.rs"]
mod replay;
#[path = "../servers/replicas.rs"]
mod replicas;
#[path = "../servers/rolling_restart.rs"]
mod rolling_restart;
#[path = "../servers/schema_changes.rs"]
mod schema_changes;
#[path = "../all/sessions.rs"]
mod sessions;
#[path = "../all/shopping.rs"]
mod shopping;
#[path = "../all/support/mod.rs"]
mod support;
#[path = "../all/tags.rs"]
mod tags;

/// Where the shops of these tests have their data: in a database each.
const DATABASE: Option<jangteo_test_services::Service> = Some(jangteo_test_services::Service::MariaDb);
