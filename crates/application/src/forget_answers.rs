//! Forgetting stored answers that nobody will ask for again.

use chrono::TimeDelta;
use jangteo_shared_kernel::{StorageError, UnitOfWork, atomically};

use crate::{IdempotencyRepository, Sources};

/// How long a stored answer is kept at least.
pub const ANSWERS_KEPT_FOR: TimeDelta = TimeDelta::hours(24);

/// How many are deleted in one transaction, so that a shop that is busy never waits long.
const BATCH: u32 = 1_000;

/// Deletes stored answers older than [`ANSWERS_KEPT_FOR`] in small transactions, and says how many. Any instance may
/// run it at any time.
pub async fn forget_old_answers<U>(uow: &U, sources: &Sources) -> Result<u64, StorageError>
where
    U: UnitOfWork,
    U::Tx: IdempotencyRepository,
{
    let cutoff = sources.now() - ANSWERS_KEPT_FOR;
    let mut forgotten = 0;
    loop {
        let batch =
            atomically(uow, async |tx: &mut U::Tx| tx.delete_idempotency_records_before(cutoff, BATCH).await)
                .await?;
        forgotten += batch;
        if batch < u64::from(BATCH) {
            return Ok(forgotten);
        }
    }
}
