//! Every repository of Jangteo in memory, for unit tests and for whoever imports a context without a database.
//!
//! [`MemoryStorage`] begins [`MemoryTransaction`]s that behave as those of a database server do under READ
//! COMMITTED with row locks (ADR-017):
//! - `lock_*` waits, row by row in ascending id, for the transactions that hold the rows, and then reads what they
//!   committed. A wait has an end (5 seconds unless told), so a wrong order of locks is an error and not a hang.
//! - What a transaction writes is seen by itself alone until it commits, all of it at once. Dropping it undoes it and
//!   lets go of its locks.
//! - A unique key that somebody else has taken is [`StorageError::Transient`]; a broken invariant (a negative
//!   balance, more refunded than captured, more coupons claimed than there are) is [`StorageError::Fatal`].
//! - Saving a row that the transaction has neither locked nor added is [`StorageError::Fatal`], and so is counting the
//!   claims of a campaign, or reading what was taken from a point account, that it has not. A database would let it
//!   pass; here it shows that a use case forgot a lock.
//!
//! The audit (`AuditQueries`) checks the same rules as in a database, so a test can end with it.
//!
//! Nothing survives the process, and personal data lies in memory unsealed.
//!
//! ```
//! use std::collections::BTreeSet;
//!
//! use jangteo_point::{PointAccount, PointQueries, PointRepository};
//! use jangteo_shared_kernel::{Currency, StorageError, UnitOfWork, atomically};
//! use jangteo_storage_memory::{MemoryStorage, MemoryTransaction};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let storage = MemoryStorage::new();
//! let user = "01900000-0000-7000-8000-000000000001".parse()?;
//!
//! let refused: Result<(), StorageError> = atomically(&storage, async |tx: &mut MemoryTransaction| {
//!     tx.insert_point_accounts(&[PointAccount::open(user, Currency::KRW)]).await?;
//!     Err(StorageError::Fatal("changed its mind".into()))
//! })
//! .await;
//! assert!(refused.is_err());
//! assert_eq!(storage.find_point_account(user).await?, None);
//!
//! atomically(&storage, async |tx: &mut MemoryTransaction| {
//!     tx.insert_point_accounts(&[PointAccount::open(user, Currency::KRW)]).await
//! })
//! .await?;
//! let mut tx = storage.begin().await?;
//! let locked = tx.lock_point_accounts(&BTreeSet::from([user])).await?;
//! assert!(locked[&user].balance.is_zero());
//! # Ok(())
//! # }
//! ```
//!
//! [`StorageError::Transient`]: jangteo_shared_kernel::StorageError::Transient
//! [`StorageError::Fatal`]: jangteo_shared_kernel::StorageError::Fatal
#![deny(missing_docs)]

mod audit;
mod coupons;
mod fault;
mod idempotency;
mod leases;
mod list;
mod orders;
mod outbox;
mod payments;
mod points;
mod products;
mod refresh_families;
mod refunds;
mod sales;
mod state;
mod storage;
mod table;
mod transaction;
mod unique;
mod users;

pub use storage::MemoryStorage;
pub use transaction::MemoryTransaction;
