//! Writing off points that have expired: a job that any instance may run, several at once.

use jangteo_point::PointRepository;
use jangteo_shared_kernel::{StorageError, UnitOfWork};

use crate::outbox::tell;
use crate::points::PointBook;
use crate::{Outbox, SetUseCase, Sources, submit};

/// How many accounts are brought up to date in one transaction, so that a shop that is busy never waits long.
const BATCH: u32 = 100;

/// Writes off the lots of points that have expired, in small transactions, and says how many. It only writes the
/// history: an expired lot cannot be spent, however late the job is.
pub async fn expire_due_points<U>(uow: &U, sources: &Sources) -> Result<u64, StorageError>
where
    U: UnitOfWork,
    U::Tx: PointRepository + Outbox,
{
    let mut expired = 0;
    loop {
        let batch = submit(uow, &ExpireDuePoints { sources: sources.clone() }, sources, BATCH).await?;
        expired += batch;
        // A batch may be small because many lots are of one account, so only an empty one is the last.
        if batch == 0 {
            return Ok(expired);
        }
    }
}

/// Writes off what has expired of at most so many accounts; the verdict is how many lots that were.
struct ExpireDuePoints {
    sources: Sources,
}

impl<Tx> SetUseCase<Tx> for ExpireDuePoints
where
    Tx: PointRepository + Outbox,
{
    type Command = u32;
    type Verdict = u64;

    async fn decide(&self, tx: &mut Tx, commands: &[u32]) -> Result<Vec<u64>, StorageError> {
        let mut counts = Vec::with_capacity(commands.len());
        for most in commands {
            let now = self.sources.now();
            let mut points = PointBook::of(tx.lock_due_point_accounts(now, *most).await?);
            let expired = points.expire_due(&self.sources, now);
            counts.push(u64::try_from(expired).unwrap_or(u64::MAX));
            let events = points.save(tx, &self.sources).await?;
            tell(tx, events).await?;
        }
        Ok(counts)
    }
}
