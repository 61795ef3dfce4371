//! Jangteo's storage on SeaORM: every repository and every query of every context.
//!
//! [`SeaOrmStorage`] is the store: it begins transactions and answers queries outside of them. [`SeaOrmTransaction`] is
//! the open transaction, and it *is* the repositories (ADR-024). SQLite is embedded; PostgreSQL and MySQL or MariaDB are
//! servers. The URL decides, and nothing else differs for the caller (ADR-035).
//!
//! # What it holds to
//! - **A set is one statement** (ADR-023, ADR-028). Locking, inserting and updating take a set of rows of any size as
//!   parameters of one unchanging text. No rows make no statement. An update that does not meet every row that it
//!   should have is an error.
//! - **Locks** (ADR-018, ADR-021). Rows are locked in ascending id, one statement a table, under READ COMMITTED (ADR-017).
//!   SQLite has one lock for all: a transaction begins with `BEGIN IMMEDIATE` on a pool of exactly one connection, which
//!   is the fair lane of writers. Readers have a pool of their own, can write nothing, and wait for nobody.
//! - **Errors** are classified once: a lost race may run again, a database that cannot be reached or is full is
//!   unavailable, anything else is fatal. A row that cannot be read is named by table, column and id.
//! - **Personal data** is sealed on the way in and opened on the way out (ADR-027). A deleted account's columns are
//!   NULL, and what they held is overwritten.
//! - **Lists** are keyset pages, each one range of an index (ADR-014). Reads that have to fit together share a snapshot.
//! - **Replicas** (ADR-037) answer nothing but pages behind the first of a few lists, and only those that already have the
//!   row where the page before ended. One that is lost is left alone for a while, and the primary answers.
//! - **The audit** (ADR-031) sums every rule's terms by SQL from the tables alone, in one snapshot; nothing but what
//!   breaks a rule leaves the database.
//! - **Copies** of an embedded database (ADR-050) are of one moment, checked and audited before they have their name, and put in
//!   a database's place only while nobody has it open.
//! - **Nothing hangs**: waiting for a connection or for a lock ends as
//!   [`StorageError::Unavailable`](jangteo_shared_kernel::StorageError::Unavailable).
//!
//! # Example
//! ```
//! # use std::sync::Arc;
//! # use jangteo_product::{NewProduct, Product, ProductQueries, ProductRepository, ProductStatus};
//! # use jangteo_shared_kernel::{Currency, Money, Quantity, StorageError, Timestamp, atomically};
//! # use jangteo_storage_sea_orm::{SeaOrmStorage, SeaOrmTransaction, StorageOptions};
//! # use jangteo_user::{CipherError, Email, EmailLookup, FieldCipher, FieldPlace};
//! # struct NoPeople;
//! # impl FieldCipher for NoPeople {
//! #     fn seal(&self, _: FieldPlace, _: &str) -> Result<Vec<u8>, CipherError> { Err(CipherError) }
//! #     fn open(&self, _: FieldPlace, _: &[u8]) -> Result<String, CipherError> { Err(CipherError) }
//! #     fn key_of(&self, _: &[u8]) -> Result<u32, CipherError> { Err(CipherError) }
//! #     fn email_lookup(&self, _: &Email) -> EmailLookup { EmailLookup([0; 32]) }
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let url = format!("sqlite://{}", folder.path().join("jangteo.db").display());
//! # // The cipher of `jangteo-security`.
//! # let cipher = Arc::new(NoPeople);
//! # let now: Timestamp = "2026-11-22T00:00:00Z".parse()?;
//! let storage = SeaOrmStorage::connect(&StorageOptions::new(url), cipher).await?;
//! storage.migrate().await?;
//!
//! let mug = Product::create(
//!     "01900000-0000-7000-8000-000000000001".parse()?,
//!     NewProduct {
//!         name: "머그컵".parse()?,
//!         description: "".parse()?,
//!         price: Money::new(12_000, Currency::KRW).try_into()?,
//!         status: ProductStatus::OnSale,
//!         stock: 2.try_into()?,
//!     },
//!     now,
//! );
//! atomically(&storage, async |tx: &mut SeaOrmTransaction| tx.insert_products(&[mug.clone()]).await).await?;
//!
//! // Lock, decide, save.
//! let ids = [mug.id].into();
//! atomically(&storage, async |tx: &mut SeaOrmTransaction| {
//!     let mut products: Vec<Product> = tx.lock_products(&ids).await?.into_values().collect();
//!     for product in &mut products {
//!         let _ = product.sell(Quantity::ONE);
//!     }
//!     tx.save_stock(&products).await
//! })
//! .await?;
//! let left = storage.find_product(mug.id).await?.map(|product| product.stock);
//! assert_eq!(left, Some(Quantity::ONE));
//! # Ok(())
//! # }
//! ```
//!
//! # How to add a repository
//! 1. A migration for its tables, with the indexes of its queries, in `jangteo-migrations`.
//! 2. An entity a table in `entity/`. Set-wise statements take names, kinds and keys of columns from there.
//! 3. Rows from aggregates and back in `rows/`. What cannot be read is named through `Place`.
//! 4. The trait in `repositories/`: one static `InsertSet`, `UpdateSet`, `SelectSet` or `CountSet` a statement, run by the
//!    lane of the transaction. The queries in `queries/`, with `keyset` for lists.
//! 5. Its calls in `tests/all/statements.rs`, which counts statements and looks at their plans; its contract in the
//!    conformance suite.
//!
//! # How to add a rule of the audit
//! Its equation in `jangteo-application`, and in `audit/` a `Ledger` that says from which rows each term comes. A unit
//! test compares the two. In `tests/all/audit.rs`, the corruption that breaks it and nothing else.
//!
//! # How to add a kind of statement
//! A method of `Dialect` in `engine/mod.rs`, which makes its text from a table's description, and the method in each
//! dialect: `engine/sqlite.rs`, `engine/postgres.rs`, `engine/mysql.rs`. A description with its `Texts` in `set.rs`, and
//! the method of the lane that runs it. Each dialect has helpers that open a set (`rows`, `opened`) and match its keys
//! (`matching`). Then its calls as for a repository, so that the suite runs it on every engine.
//!
//! # How to add an engine
//! A variant of `Engine` in `engine/mod.rs` and a module beside `engine/sqlite.rs` with its `Dialect`, its pools and the
//! lock under which its schema changes; the compiler names the rest. Repositories, rows and queries stay as they are.
//! Then run the conformance suite on it.
#![deny(missing_docs)]

#[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
compile_error!("switch at least one engine on: the features are `sqlite`, `postgres` and `mysql`");

mod audit;
#[cfg(feature = "sqlite")]
mod embedded;
mod engine;
mod entity;
mod error;
mod lane;
mod names;
mod options;
mod pool;
mod queries;
mod replicas;
mod repositories;
mod rows;
mod set;
mod storage;
mod transaction;

#[cfg(feature = "sqlite")]
pub use embedded::{BackUp, Checked, EmbeddedDatabase, EmbeddedError, Restoration, Restored};
pub use error::no_encrypted_connection;
#[cfg(feature = "server")]
pub use options::protection;
pub use options::{ConnectError, StatementHook, StorageOptions, WrittenProducts, WrittenProductsHook};
pub use pool::PoolUse;
pub use storage::SeaOrmStorage;
pub use transaction::SeaOrmTransaction;
