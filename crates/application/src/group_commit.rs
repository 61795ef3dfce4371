//! Group commit: what arrives while one transaction commits forms the next set (ADR-039).

use std::fmt;
use std::num::NonZeroU32;

use jangteo_shared_kernel::{StorageError, UnitOfWork};
use uuid::Uuid;

use crate::group::{Group, Queue, SetWork, group};
use crate::set_use_case::decide_set;
use crate::{SetUseCase, Sources};

/// Decides the commands of one kind, set after set.
pub struct Committer<Tx, S: SetUseCase<Tx>> {
    use_case: S,
    subjects: fn(&S::Command) -> Vec<Uuid>,
    sources: Sources,
    queue: Queue<S::Command, S::Verdict>,
}

/// A group for commands of one kind, and the committer at its end, which somebody has to run. The kind is called so among
/// the figures. `subjects` says what a command locks.
pub fn group_commit<Tx, S>(
    kind: &'static str,
    use_case: S,
    subjects: fn(&S::Command) -> Vec<Uuid>,
    sources: &Sources,
) -> (Group<S::Command, S::Verdict>, Committer<Tx, S>)
where
    S: SetUseCase<Tx>,
{
    let (commands, queue) = group(kind, sources);
    (commands, Committer { use_case, subjects, sources: sources.clone(), queue })
}

impl<Tx, S: SetUseCase<Tx>> Committer<Tx, S> {
    /// Decides what waits in one transaction, and then what has come meanwhile, until the group is closed and empty. So many
    /// transactions go side by side, of commands that lock different things; those that lock the same go in order of arrival.
    pub async fn run(self, uow: impl UnitOfWork<Tx = Tx>, side_by_side: NonZeroU32) {
        let Self { use_case, subjects, sources, queue } = self;
        queue.serve(side_by_side, Transactions { uow, use_case, subjects, sources }).await;
    }
}

struct Transactions<U: UnitOfWork, S: SetUseCase<U::Tx>> {
    uow: U,
    use_case: S,
    subjects: fn(&S::Command) -> Vec<Uuid>,
    sources: Sources,
}

impl<U: UnitOfWork, S: SetUseCase<U::Tx>> SetWork for Transactions<U, S> {
    type Command = S::Command;
    type Verdict = S::Verdict;

    fn subjects(&self, command: &S::Command) -> Vec<Uuid> {
        (self.subjects)(command)
    }

    async fn work(&self, commands: &[S::Command]) -> Result<Vec<S::Verdict>, StorageError> {
        decide_set(&self.uow, &self.use_case, &self.sources, commands).await
    }
}

impl<Tx, S: SetUseCase<Tx>> fmt::Debug for Committer<Tx, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Committer").field("queue", &self.queue).finish_non_exhaustive()
    }
}
