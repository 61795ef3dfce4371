//! Whether log-ins stand, looked up together for all requests that ask at the same time (ADR-029, ADR-039).

use std::num::NonZeroU32;

use jangteo_shared_kernel::StorageError;
use jangteo_user::{Session, SessionStanding, UserQueries};
use uuid::Uuid;

use crate::Sources;
use crate::group::{Group, Queue, SetWork, group};

/// Looks log-ins up, set after set.
#[derive(Debug)]
pub struct StandingReader {
    sources: Sources,
    queue: Queue<Session, Option<SessionStanding>>,
}

/// A group for questions about log-ins, and the reader at its end, which somebody has to run.
#[must_use]
pub fn group_standings(sources: &Sources) -> (Group<Session, Option<SessionStanding>>, StandingReader) {
    let (sessions, queue) = group("session_standing", sources);
    (sessions, StandingReader { sources: sources.clone(), queue })
}

impl StandingReader {
    /// Looks up what was asked, and then what was asked meanwhile, until the group is closed and empty. Each question is
    /// answered by a read that began after it was asked: a log-out acts at once.
    pub async fn run(self, users: impl UserQueries + Send) {
        let Self { sources, queue } = self;
        queue.serve(NonZeroU32::MIN, Reads { users, sources }).await;
    }
}

struct Reads<Q> {
    users: Q,
    sources: Sources,
}

impl<Q: UserQueries + Send> SetWork for Reads<Q> {
    type Command = Session;
    type Verdict = Option<SessionStanding>;

    fn subjects(&self, _: &Session) -> Vec<Uuid> {
        Vec::new()
    }

    async fn work(&self, sessions: &[Session]) -> Result<Vec<Option<SessionStanding>>, StorageError> {
        self.users.session_standings(sessions, self.sources.now()).await
    }
}
