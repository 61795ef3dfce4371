//! Group commit: what arrives while one transaction commits forms the next set (ADR-039).

use std::fmt;
use std::num::NonZeroU32;

use jangteo_shared_kernel::{StorageError, UnitOfWork};
use uuid::Uuid;

use crate::group::{Group, Queue, SetWork, group};
use crate::set_use_case::decide_set;
use crate::{SetUseCase, Sources};

/// Decides the commands of one kind, set after set.
pub struct Committer<Tx, S: SetUseCase<Tx>, V> {
    use_case: S,
    subjects: fn(&S::Command) -> Vec<Uuid>,
    told: fn(S::Verdict) -> V,
    sources: Sources,
    queue: Queue<S::Command, V>,
}

/// A group for commands of one kind, and the committer at its end, which somebody has to run. The kind is called so among
/// the figures. `subjects` says what a command locks, and `told` what of a verdict goes back: what goes nowhere is freed where
/// it was made, and not by another thread.
pub fn group_commit<Tx, S, V>(
    kind: &'static str,
    use_case: S,
    subjects: fn(&S::Command) -> Vec<Uuid>,
    told: fn(S::Verdict) -> V,
    sources: &Sources,
) -> (Group<S::Command, V>, Committer<Tx, S, V>)
where
    S: SetUseCase<Tx>,
{
    let (commands, queue) = group(kind, sources);
    (commands, Committer { use_case, subjects, told, sources: sources.clone(), queue })
}

impl<Tx, S: SetUseCase<Tx>, V: Send> Committer<Tx, S, V> {
    /// Decides what waits in one transaction, and then what has come meanwhile, until the group is closed and empty. So many
    /// transactions go side by side, of commands that lock different things; those that lock the same go in order of arrival.
    pub async fn run(self, uow: impl UnitOfWork<Tx = Tx>, side_by_side: NonZeroU32) {
        let Self { use_case, subjects, told, sources, queue } = self;
        queue.serve(side_by_side, Transactions { uow, use_case, subjects, told, sources }).await;
    }
}

struct Transactions<U: UnitOfWork, S: SetUseCase<U::Tx>, V> {
    uow: U,
    use_case: S,
    subjects: fn(&S::Command) -> Vec<Uuid>,
    told: fn(S::Verdict) -> V,
    sources: Sources,
}

impl<U: UnitOfWork, S: SetUseCase<U::Tx>, V: Send> SetWork for Transactions<U, S, V> {
    type Command = S::Command;
    type Verdict = V;

    fn subjects(&self, command: &S::Command) -> Vec<Uuid> {
        (self.subjects)(command)
    }

    async fn work(&self, commands: &[S::Command]) -> Result<Vec<V>, StorageError> {
        let verdicts = decide_set(&self.uow, &self.use_case, &self.sources, commands).await?;
        Ok(verdicts.into_iter().map(self.told).collect())
    }
}

impl<Tx, S: SetUseCase<Tx>, V> fmt::Debug for Committer<Tx, S, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Committer").field("queue", &self.queue).finish_non_exhaustive()
    }
}
