//! The shape of a transaction.

use crate::StorageError;

/// A storage that can begin transactions.
pub trait UnitOfWork: Send + Sync {
    /// The transaction, which implements every repository trait that its storage offers (ADR-024).
    type Tx: Transaction;

    /// Begins a transaction: READ COMMITTED on a server (ADR-017), the only writer on an embedded database.
    fn begin(&self) -> impl Future<Output = Result<Self::Tx, StorageError>> + Send;
}

/// An open transaction. Dropping it rolls it back.
///
/// What holds for every repository that a transaction implements, and is not said again there:
/// - rows read under a lock are read as they are after the lock was granted;
/// - inserting what is there already, by its id or by another unique key, is [`StorageError::Transient`];
/// - an empty set is no statement;
/// - after an error the transaction can only be rolled back.
pub trait Transaction: Send {
    /// Makes everything durable. After `Ok` it MUST survive a crash of the process and of the machine (a storage
    /// in memory is excused); after [`StorageError::Unavailable`] nobody knows whether it happened.
    fn commit(self) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// Undoes everything and lets go of every lock.
    fn rollback(self) -> impl Future<Output = Result<(), StorageError>> + Send;
}

/// Runs `work` in one transaction: commits if it succeeds, rolls back if it fails (ADR-016).
///
/// A refusal that must undo what was written is an `Err`; one that was decided before anything was written can
/// just as well be an `Ok` value.
pub async fn atomically<U, T, E>(uow: &U, work: impl AsyncFnOnce(&mut U::Tx) -> Result<T, E>) -> Result<T, E>
where
    U: UnitOfWork,
    E: From<StorageError>,
{
    let mut tx = uow.begin().await?;
    match work(&mut tx).await {
        Ok(value) => {
            tx.commit().await?;
            Ok(value)
        }
        Err(error) => {
            // The first error tells more than a failed rollback; dropping the connection undoes it as well.
            let _ = tx.rollback().await;
            Err(error)
        }
    }
}
