//! The one shape of a command: lock, decide, save, over a set (ADR-023).

use std::slice;
use std::time::Duration;

use jangteo_shared_kernel::{StorageError, UnitOfWork, atomically, retrying};
use tracing::Instrument as _;

use crate::Sources;
use crate::traces::{decide_span, transaction_span};

/// A use case over a slice of commands and an open transaction.
///
/// It *locks* every row that the commands need, one statement a table, in ascending id and in the global order of
/// tables (users, refresh families, orders, campaigns, issued coupons, point accounts, product stock, payments; ADR-021); it *decides* each command in memory,
/// in order of arrival; it *saves* all that changed, one statement a table. A single request is a set of one.
pub trait SetUseCase<Tx>: Send + Sync {
    /// What somebody wants.
    type Command: Send + Sync;
    /// What became of it. A refusal is a value.
    type Verdict: Send;

    /// Decides each command; one verdict a command, in the same order. MUST be repeatable: after a lost race the
    /// whole set is decided again in a new transaction.
    fn decide(
        &self,
        tx: &mut Tx,
        commands: &[Self::Command],
    ) -> impl Future<Output = Result<Vec<Self::Verdict>, StorageError>> + Send;
}

/// Decides one command in a transaction of its own, again if a race was lost.
pub async fn submit<U, C>(
    uow: &U,
    use_case: &C,
    sources: &Sources,
    command: C::Command,
) -> Result<C::Verdict, StorageError>
where
    U: UnitOfWork,
    C: SetUseCase<U::Tx>,
{
    let mut verdicts = decide_set(uow, use_case, sources, slice::from_ref(&command)).await?;
    verdicts.pop().ok_or_else(|| StorageError::Fatal("a use case gave no verdict".into()))
}

/// Decides commands in one transaction, again if a race was lost.
pub(crate) async fn decide_set<U, C>(
    uow: &U,
    use_case: &C,
    sources: &Sources,
    commands: &[C::Command],
) -> Result<Vec<C::Verdict>, StorageError>
where
    U: UnitOfWork,
    C: SetUseCase<U::Tx>,
{
    let pause = |attempts| back_off(sources, attempts);
    let decide = || {
        let decided = async |tx: &mut U::Tx| use_case.decide(tx, commands).instrument(decide_span()).await;
        atomically(uow, decided).instrument(transaction_span())
    };
    retrying(pause, decide).await
}

/// Counts a lost race, and waits before it is run again: 5 to 10 ms, then twice as long.
async fn back_off(sources: &Sources, attempts: u32) {
    sources.meters().reruns.inc();
    tracing::info!(attempts, "lost a race, running the transaction again");
    let [jitter] = sources.random::<1>();
    let base = Duration::from_millis(5) * attempts;
    tokio::time::sleep(base + base * u32::from(jitter) / 256).await;
}
