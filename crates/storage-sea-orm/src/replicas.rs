//! Replicas, and the one way by which reads reach them (ADR-037).
//!
//! Whatever reads through [`SeaOrmStorage::reader`](SeaOrmStorage) reads the primary. [`SeaOrmStorage::may_be_late`] is the
//! exception: a page behind the first of
//! - products and campaigns, which may be late as a catalogue is: an edit or a sale may show a moment later there;
//! - point history and the refunds of a payment, which are only ever added to, so nothing shows late at all.
//!
//! Orders, payments, coupons and accounts change, and their owner sees that at once, so they are read from the primary on
//! every page. So is a ranking, whose `asOf` is the instant at which the primary was read.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jangteo_shared_kernel::StorageError;
use sea_orm::{DatabaseConnection, EntityTrait, QueryTrait, Select, Statement};
use tokio::time::{Instant, timeout};

use crate::SeaOrmStorage;
use crate::engine::Engine;
use crate::error::no_encrypted_connection;
use crate::lane::Lane;
use crate::options::{ConnectError, StorageOptions};

/// How long a replica gets to answer. Then the primary does.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a replica is left alone that did not answer.
const AWAY: Duration = Duration::from_secs(5);

/// The replicas of a storage, which take turns.
pub(crate) struct Replicas {
    all: Vec<Replica>,
    turn: AtomicUsize,
}

struct Replica {
    /// Its place in the options, from 1: its URL may hold a password.
    number: usize,
    lane: Lane<DatabaseConnection>,
    /// Until when it is left alone, if it is lost.
    lost_until: Mutex<Option<Instant>>,
}

impl SeaOrmStorage {
    /// A page of a list: the first from the primary, and one that begins behind a row from a replica, if it has that row.
    ///
    /// Having it, the replica has everything that was committed before it, so that a page lacks nothing that was there
    /// when the row was written. A replica that has not, or does not answer well, leaves it to the primary.
    pub(crate) async fn may_be_late<'a, E, T, F>(
        &'a self,
        behind: Option<Select<E>>,
        read: impl Fn(&'a Lane<DatabaseConnection>) -> F,
    ) -> Result<T, StorageError>
    where
        E: EntityTrait,
        F: Future<Output = Result<T, StorageError>>,
    {
        if let Some(row) = behind
            && let Some(replica) = self.replicas.next()
        {
            let lane = &replica.lane;
            let row = row.build(lane.engine.dialect().backend());
            let page = async {
                if lane.fetch(row).await?.is_empty() { Ok(None) } else { read(lane).await.map(Some) }
            };
            if let Some(Some(page)) = replica.ask(page).await {
                return Ok(page);
            }
        }
        read(&self.reader).await
    }
}

impl Replicas {
    /// The replicas of the options, none of which needs to be there.
    pub(crate) async fn connect_later(
        engine: Engine,
        options: &StorageOptions,
    ) -> Result<Self, ConnectError> {
        let mut all = Vec::with_capacity(options.replica_urls.len());
        for (number, url) in (1..).zip(&options.replica_urls) {
            if Engine::of(url)? != engine {
                return Err(ConnectError::NoReplica);
            }
            let acquire_timeout = options.acquire_timeout.min(PATIENCE);
            let options = StorageOptions { url: url.clone(), acquire_timeout, ..options.clone() };
            let connection = engine.connect_later(&options).await.map_err(|error| match error {
                ConnectError::NoReplica => error,
                other => ConnectError::Replica { number, error: Box::new(other) },
            })?;
            let lane = Lane { connection, engine, on_statement: options.on_statement };
            all.push(Replica { number, lane, lost_until: Mutex::new(None) });
        }
        Ok(Self { all, turn: AtomicUsize::new(0) })
    }

    /// What leads to each of them.
    pub(crate) fn lanes(&self) -> impl Iterator<Item = &Lane<DatabaseConnection>> {
        self.all.iter().map(|replica| &replica.lane)
    }

    /// How many did not answer when they were last asked.
    pub(crate) fn away(&self) -> usize {
        self.all.iter().filter(|replica| replica.lost_until().is_some()).count()
    }

    /// How many do not answer.
    pub(crate) async fn lost(&self) -> usize {
        let mut lost = 0;
        for replica in &self.all {
            let lane = &replica.lane;
            let question = Statement::from_string(lane.engine.dialect().backend(), "SELECT 1");
            if replica.is_left_alone() || replica.ask(lane.fetch(question)).await.is_none() {
                lost += 1;
            }
        }
        lost
    }

    /// Closes their connections, and does not wait for one that hangs: what it was asked and given up, the pool still wants
    /// to hear the end of.
    pub(crate) async fn close(&self) -> Result<(), StorageError> {
        for Replica { number: replica, lane, .. } in &self.all {
            if let Ok(closed) = timeout(PATIENCE, lane.connection.close_by_ref()).await {
                closed.map_err(|error| lane.engine.error(error))?;
            } else {
                tracing::warn!(replica, "the replica hangs; its connections are not waited for");
            }
        }
        Ok(())
    }

    /// The one whose turn it is, of those that are not left alone.
    fn next(&self) -> Option<&Replica> {
        // No replica, no turn: nobody shall share a counter for nothing.
        let first = if self.all.len() > 1 { self.turn.fetch_add(1, Ordering::Relaxed) } else { 0 };
        let places = (0..self.all.len()).map(|n| first.wrapping_add(n) % self.all.len());
        places.filter_map(|place| self.all.get(place)).find(|replica| !replica.is_left_alone())
    }
}

impl Replica {
    /// Whether it is lost and not to be asked. Once its time is over, the first to look may ask it, and nobody else before
    /// as much time has passed again.
    fn is_left_alone(&self) -> bool {
        let now = now();
        let mut lost_until = self.lost_until();
        match *lost_until {
            None => false,
            Some(until) if now < until => true,
            Some(_) => {
                *lost_until = Some(now + AWAY);
                false
            }
        }
    }

    /// What it answers to a question of its lane; `None` if it does not answer well or in time.
    async fn ask<T>(&self, question: impl Future<Output = Result<T, StorageError>>) -> Option<T> {
        let replica = self.number;
        match timeout(PATIENCE, question).await {
            Ok(Ok(answer)) => {
                if self.lost_until().take().is_some() {
                    tracing::info!(replica, "the replica answers again");
                }
                return Some(answer);
            }
            // PostgreSQL cancels a read that stands in the way of what it replays. That says nothing about the next one.
            Ok(Err(StorageError::Transient(_))) => {}
            Ok(Err(error)) => {
                if self.lose() {
                    let reason = no_encrypted_connection(&error);
                    tracing::warn!(replica, %error, reason, "the replica does not answer; the primary does");
                }
            }
            Err(_) => {
                if self.lose() {
                    tracing::warn!(replica, "the replica does not answer in time; the primary does");
                }
            }
        }
        None
    }

    /// Leaves it alone for a while, and says whether that is news.
    fn lose(&self) -> bool {
        self.lost_until().replace(now() + AWAY).is_none()
    }

    /// Nothing can go wrong while it is held, so a lock that was left by a panic is as good as any.
    fn lost_until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.lost_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a server is left alone is no time of the shop")]
fn now() -> Instant {
    Instant::now()
}
