//! What waits together is worked on together, as one set (ADR-039).

use std::fmt;
use std::future::poll_fn;
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use jangteo_shared_kernel::StorageError;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::Sources;
use crate::meters::{GroupMeters, now};
use crate::pending::{NextSet, Pending};
use crate::traces::{Way, set_span};

/// How many may wait. Whoever comes then is told to come again: waiting longer helps nobody.
const QUEUE: usize = 4_096;

/// How many form a set at most. More would save little and let all of them wait.
const SET: usize = 512;

/// How many have to wait before a set goes beside another. Fewer go with the next set, at less cost for each.
const BESIDE: usize = 32;

/// How many are taken from the queue before their turn, to find those that can go beside others.
const AHEAD: usize = 2 * SET;

/// Hands commands or questions of one kind to whoever works on them, set after set.
pub struct Group<C, V> {
    kind: &'static str,
    queue: mpsc::Sender<Message<C, V>>,
}

/// The other end of a [`Group`].
pub(crate) struct Queue<C, V> {
    kind: &'static str,
    messages: mpsc::Receiver<Message<C, V>>,
    meters: GroupMeters,
}

/// Work on a set.
pub(crate) trait SetWork: Send + Sync {
    type Command: Send + Sync;
    type Verdict: Send;

    /// What a command works on. Those that share something are never worked on side by side.
    fn subjects(&self, command: &Self::Command) -> Vec<Uuid>;

    /// One verdict a command, in their order. After a failure it is called again with parts of the set.
    fn work(
        &self,
        commands: &[Self::Command],
    ) -> impl Future<Output = Result<Vec<Self::Verdict>, StorageError>> + Send;
}

enum Message<C, V> {
    Command(Waiting<C, V>),
    Last,
}

struct Waiting<C, V> {
    command: C,
    since: Instant,
    way: Way,
    answer: Answer<V>,
}

type Answer<V> = oneshot::Sender<Result<V, StorageError>>;

/// A queue, whose kind is called so among the figures.
pub(crate) fn group<C, V>(kind: &'static str, sources: &Sources) -> (Group<C, V>, Queue<C, V>) {
    let (queue, messages) = mpsc::channel(QUEUE);
    (Group { kind, queue }, Queue { kind, messages, meters: sources.meters().group(kind) })
}

impl<C, V> Group<C, V> {
    /// Waits for the verdict on a command, which is worked on together with those that wait beside it.
    ///
    /// [`StorageError::Unavailable`] if too many wait already, and once the queue is closed. Whoever stops waiting while
    /// the command is in the queue takes it back; later it is too late.
    pub async fn submit(&self, command: C) -> Result<V, StorageError> {
        let (answer, verdict) = oneshot::channel();
        let waiting = Waiting { command, since: now(), way: Way::begin(self.kind), answer };
        self.queue.try_send(Message::Command(waiting)).map_err(|refused| match refused {
            TrySendError::Full(_) => unavailable("too many wait"),
            TrySendError::Closed(_) => unavailable("nothing is taken any more"),
        })?;
        verdict.await.unwrap_or_else(|_| Err(unavailable("the work ended before this was its turn")))
    }

    /// Lets the work end once everything that waits is done. Whoever comes later is refused.
    pub async fn close(&self) {
        // If it has ended already, all is well.
        let _ = self.queue.send(Message::Last).await;
    }
}

impl<C, V> Queue<C, V> {
    /// Works on what waits, and then on what has come meanwhile, until the queue is closed and empty; on as many sets at
    /// once as `side_by_side` says, which share no subject, if many wait. It never waits for a set to grow: alone, a command
    /// goes at once.
    pub(crate) async fn serve(
        self,
        side_by_side: NonZeroU32,
        set_work: impl SetWork<Command = C, Verdict = V>,
    ) {
        let Self { kind, mut messages, meters } = self;
        let (mut pending, mut under_way) = (Pending::new(), Vec::new());
        let (mut arrived, mut open) = (Vec::with_capacity(SET), true);
        loop {
            while under_way.len() < side_by_side.get() as usize
                && (under_way.is_empty() || pending.len() >= BESIDE)
                && let Some(NextSet { items, subjects }) = pending.next_set(SET)
            {
                under_way.push((Box::pin(settle(&set_work, kind, &meters, items)), subjects));
            }
            if !open && under_way.is_empty() && pending.len() == 0 {
                return;
            }
            poll_fn(|context| {
                let before = under_way.len();
                under_way.retain_mut(|(set, subjects)| match set.as_mut().poll(context) {
                    Poll::Ready(()) => {
                        pending.done(subjects);
                        false
                    }
                    Poll::Pending => true,
                });
                let mut moved = under_way.len() < before;
                if open
                    && pending.len() < AHEAD
                    && let Poll::Ready(count) = messages.poll_recv_many(context, &mut arrived, SET)
                {
                    open = count > 0;
                    moved = true;
                }
                if moved { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            for message in arrived.drain(..) {
                match message {
                    Message::Last => messages.close(),
                    Message::Command(waiting) => {
                        let subjects = set_work.subjects(&waiting.command);
                        pending.push(waiting, subjects);
                    }
                }
            }
        }
    }
}

/// Answers each of a set. What fails is split into halves, down to one, so that a command which cannot be decided fails
/// alone; but nothing is tried again while the storage cannot be reached.
async fn settle<W: SetWork>(
    set_work: &W,
    kind: &'static str,
    meters: &GroupMeters,
    waiting: Vec<Waiting<W::Command, W::Verdict>>,
) {
    let (mut commands, mut answers) = (Vec::with_capacity(waiting.len()), Vec::with_capacity(waiting.len()));
    // Empty where nobody looks at traces.
    let mut spans = Vec::new();
    let taken = now();
    // Where nobody waits for the answer, the command was taken back.
    for Waiting { command, since, way, answer } in waiting.into_iter().filter(|one| !one.answer.is_closed()) {
        meters.waited(taken - since);
        commands.push(command);
        answers.push(answer);
        let span = way.taken();
        if !span.is_disabled() {
            spans.push(span);
        }
    }
    let mut answers = answers.into_iter();
    let mut parts = vec![(commands.as_slice(), spans.as_slice())];
    // The last part is the earliest: answers go out in the order of the commands.
    while let Some((part, spans)) = parts.pop() {
        if part.is_empty() {
            continue;
        }
        match work(set_work, meters, part).instrument(set_span(kind, spans)).await {
            Ok(verdicts) => {
                for (verdict, answer) in verdicts.into_iter().zip(answers.by_ref()) {
                    // Whoever has stopped waiting finds out by their key.
                    let _ = answer.send(Ok(verdict));
                }
            }
            Err(StorageError::Unavailable(cause)) => {
                let cause = Arc::new(StorageError::Unavailable(cause));
                for answer in answers {
                    let _ = answer.send(Err(StorageError::Unavailable(Box::new(Arc::clone(&cause)))));
                }
                return;
            }
            Err(error) if part.len() == 1 => {
                if let Some(answer) = answers.next() {
                    let _ = answer.send(Err(error));
                }
            }
            Err(error) => {
                tracing::warn!(%error, commands = part.len(), "a set failed, trying its halves");
                let (first, second) = part.split_at(part.len() / 2);
                let (first_spans, second_spans) = spans.split_at(spans.len() / 2);
                parts.extend([(second, second_spans), (first, first_spans)]);
            }
        }
    }
}

async fn work<W: SetWork>(
    set_work: &W,
    meters: &GroupMeters,
    commands: &[W::Command],
) -> Result<Vec<W::Verdict>, StorageError> {
    let begun = now();
    let verdicts = unwinding(set_work.work(commands)).await?;
    meters.done(commands.len(), now() - begun);
    if verdicts.len() == commands.len() {
        Ok(verdicts)
    } else {
        Err(StorageError::Fatal("there is not one verdict a command".into()))
    }
}

/// A panic is a failure like another: it must not end the work on which everybody waits.
async fn unwinding<T>(work: impl Future<Output = Result<T, StorageError>>) -> Result<T, StorageError> {
    let mut work = pin!(work);
    // After a panic the future is not polled again, and dropping it rolls back.
    poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)))
            .unwrap_or_else(|_| Poll::Ready(Err(StorageError::Fatal("a panic".into()))))
    })
    .await
}

fn unavailable(reason: &str) -> StorageError {
    StorageError::Unavailable(reason.into())
}

impl<C, V> fmt::Debug for Group<C, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("kind", &self.kind)
            .field("free", &self.queue.capacity())
            .finish_non_exhaustive()
    }
}

impl<C, V> fmt::Debug for Queue<C, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("waiting", &self.messages.len()).finish_non_exhaustive()
    }
}
