//! The tables of Jangteo: SeaORM migrations, one file a change, each with its way back.
//!
//! The same code runs on every engine: tables, columns and constraints are built with sea-query, and `schema.rs`
//! holds the few things that engines spell differently.
//!
//! # Rules of the schema
//! - Identifiers are primary keys (ADR-011), keys and hashes are binary, instants are UTC with milliseconds, amounts
//!   are 64-bit integers of minor units with the currency of their row or of the row that owns them.
//! - Constraints back every invariant: stock and balances are never below zero, nothing is refunded that was not
//!   captured, one payment settles an order, no campaign hands out more coupons than it has.
//! - Foreign keys stay within one life cycle (an order and its lines); between contexts there is only an id
//!   (ADR-013).
//! - An index exists for a query that exists, and a comment names it (ADR-014).
//!
//! - On MySQL and MariaDB every step of a change commits by itself, so what failed half-way has left something behind. The
//!   steps that `schema.rs` offers can be repeated: the change runs again and goes on where it stopped.
//!
//! # How to add a change
//! Add `src/m<date>_<number>_<what>.rs` with `up` and `down`, and list it at the end of [`Migrator::migrations`]. Never
//! edit one that was released. A query that needs an index brings it in the same change. What a new table is, is said in
//! `docs/erd/tables.md`, of which `cargo xtask erd` makes the page about the tables.
//!
//! ```
//! use jangteo_migrations::{Migrator, MigratorTrait};
//!
//! let names: Vec<_> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
//! assert!(names.is_sorted(), "they run in the order of their names");
//! ```
#![deny(missing_docs)]

mod schema;

mod m20261122_000001_create_users;
mod m20261122_000002_create_refresh_families;
mod m20261122_000003_create_products;
mod m20261122_000004_create_orders;
mod m20261122_000005_create_payments;
mod m20261122_000006_create_points;
mod m20261122_000007_create_idempotency_records;
mod m20261122_000008_create_outbox;
mod m20261122_000009_create_leases;
mod m20261122_000010_index_outbox_by_aggregate;
mod m20261122_000011_create_campaigns;
mod m20261122_000012_create_issued_coupons;
mod m20261122_000013_add_issued_coupon_to_orders;
mod m20261125_000014_create_refunds;
mod m20261125_000015_index_points_for_refunds_and_expiry;
mod m20261125_000016_create_daily_sales;
mod m20261126_000017_index_orders_of_user_once;

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbErr, EntityTrait};
use sea_orm_migration::{MigrationTrait, seaql_migrations};

pub use sea_orm_migration::MigratorTrait;

/// All changes, the oldest first.
#[derive(Debug, Clone, Copy)]
pub struct Migrator;

impl Migrator {
    /// Changes that a database has, which has had some, and that are not among these: its schema is a newer one. Writes
    /// nothing.
    pub async fn unknown(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
        let known: Vec<_> = Self::migrations().iter().map(|change| change.name().to_owned()).collect();
        let applied = seaql_migrations::Entity::find().all(db).await?;
        Ok(applied.into_iter().map(|change| change.version).filter(|name| !known.contains(name)).collect())
    }
}

#[async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_create_users::Migration),
            Box::new(m20261122_000002_create_refresh_families::Migration),
            Box::new(m20261122_000003_create_products::Migration),
            Box::new(m20261122_000004_create_orders::Migration),
            Box::new(m20261122_000005_create_payments::Migration),
            Box::new(m20261122_000006_create_points::Migration),
            Box::new(m20261122_000007_create_idempotency_records::Migration),
            Box::new(m20261122_000008_create_outbox::Migration),
            Box::new(m20261122_000009_create_leases::Migration),
            Box::new(m20261122_000010_index_outbox_by_aggregate::Migration),
            Box::new(m20261122_000011_create_campaigns::Migration),
            Box::new(m20261122_000012_create_issued_coupons::Migration),
            Box::new(m20261122_000013_add_issued_coupon_to_orders::Migration),
            Box::new(m20261125_000014_create_refunds::Migration),
            Box::new(m20261125_000015_index_points_for_refunds_and_expiry::Migration),
            Box::new(m20261125_000016_create_daily_sales::Migration),
            Box::new(m20261126_000017_index_orders_of_user_once::Migration),
        ]
    }
}
