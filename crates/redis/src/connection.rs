//! One connection that everybody shares, and that is made again when it is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{fmt, io};

use deadpool_redis::redis::cluster::ClusterClient;
use deadpool_redis::redis::{
    AsyncConnectionConfig, Cmd, FromRedisValue, RedisError, RedisResult, ScriptInvocation,
};
use deadpool_redis::{Manager, Pool, PoolError};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use crate::lane::Lane;
use crate::{InvalidRedisAddress, RedisAddress};

/// How long an answer may take. Redis answers within a millisecond; whoever waits longer has a database to go to.
const PATIENCE: Duration = Duration::from_millis(50);

/// How long a connection may take to be made.
const CONNECT_PATIENCE: Duration = Duration::from_secs(1);

/// How long to rest before a lost connection is made again, first and at most.
const REST: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];

/// How many calls wait to be written before the next one waits for its turn to wait.
const QUEUE: usize = 1_024;

/// Redis, as far as it can be reached. A clone shares the connection.
///
/// All calls share one multiplexed connection: a pool would spend a PING on each. The first call that fails or takes too
/// long opens the circuit, and from then on calls fail at once and cost nothing, until a task in the background has made
/// a new connection and got an answer on it. Nothing has to be restarted, and Redis need not be there at the start.
#[derive(Clone)]
pub struct Redis(Arc<Shared>);

struct Shared {
    circuit: watch::Sender<Option<Arc<Circuit>>>,
    keeper: AbortHandle,
}

/// A connection that has answered at least once.
struct Circuit {
    lane: Lane,
    /// Something else than the greeting was answered.
    useful: AtomicBool,
}

/// Redis does not answer, or not in time. What was asked of it may have been done or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Redis does not answer")]
pub(crate) struct Away;

impl Redis {
    /// Begins to connect, in a task of the tokio runtime that this is called in. That runtime MUST outlive the value.
    pub fn open(address: &RedisAddress) -> Result<Self, InvalidRedisAddress> {
        let maker = Maker::of(address).map_err(|_| InvalidRedisAddress::NoAddress)?;
        let circuit = watch::Sender::new(None);
        let keeper = tokio::spawn(keep(maker, circuit.clone())).abort_handle();
        Ok(Self(Arc::new(Shared { circuit, keeper })))
    }

    /// Whether there is a connection that works, as far as is known without asking.
    #[must_use]
    pub fn answers(&self) -> bool {
        self.0.circuit.borrow().is_some()
    }

    /// Waits until there is a connection that works.
    pub async fn wait(&self) {
        // The sender is in here, so it does not go away.
        let _ = self.0.circuit.subscribe().wait_for(Option::is_some).await;
    }

    /// Asks whether anybody is there.
    pub async fn ping(&self) -> bool {
        self.ask(async |lane| lane.greet().await).await.is_ok()
    }

    /// Runs a script.
    pub(crate) async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, Away> {
        self.ask(async |lane| script.invoke_async(lane).await).await
    }

    /// Runs a command.
    pub(crate) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Away> {
        self.ask(async |lane| command.query_async(lane).await).await
    }

    async fn ask<T>(&self, question: impl AsyncFnOnce(&mut Lane) -> RedisResult<T>) -> Result<T, Away> {
        let circuit = self.0.circuit.borrow().clone().ok_or(Away)?;
        let mut lane = circuit.lane.clone();
        let answer = timeout(PATIENCE, question(&mut lane)).await;
        let answer = answer.map_err(|_| Failure::Late).and_then(|answer| answer.map_err(Failure::Error));
        self.judge(&circuit, answer)
    }

    /// Gives the answer on, or gives the connection up.
    fn judge<T>(&self, circuit: &Arc<Circuit>, answer: Result<T, Failure>) -> Result<T, Away> {
        match answer {
            Ok(answer) => {
                circuit.useful.store(true, Ordering::Relaxed);
                Ok(answer)
            }
            Err(failure) => {
                let given_up = self.0.circuit.send_if_modified(|current| {
                    // Another call may have given it up before, and there may be a new one already.
                    let same = current.as_ref().is_some_and(|current| Arc::ptr_eq(current, circuit));
                    if same {
                        *current = None;
                    }
                    same
                });
                if given_up {
                    tracing::warn!(%failure, "Redis does not answer; going on without it");
                }
                Err(Away)
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("no answer in time")]
    Late,
    #[error("{0}")]
    Error(RedisError),
}

/// Makes a connection whenever there is none.
async fn keep(maker: Maker, circuit: watch::Sender<Option<Arc<Circuit>>>) {
    let [shortest, longest] = REST;
    let mut watched = circuit.subscribe();
    let mut rest = shortest;
    loop {
        match maker.connect().await {
            Ok(lane) => {
                tracing::info!("Redis answers");
                let made = Arc::new(Circuit { lane, useful: AtomicBool::new(false) });
                circuit.send_replace(Some(Arc::clone(&made)));
                // The sender is in here, so it does not go away.
                let _ = watched.wait_for(Option::is_none).await;
                // A server that greets and then refuses is left alone for longer and longer, as one that is away.
                if made.useful.load(Ordering::Relaxed) {
                    rest = shortest;
                }
            }
            Err(error) if rest == shortest => {
                tracing::warn!(%error, "Redis cannot be reached as redis.url says; going on without it, and trying again");
            }
            Err(error) => tracing::debug!(%error, "Redis cannot be reached"),
        }
        sleep(rest).await;
        rest = (rest * 2).min(longest);
    }
}

/// Makes connections.
enum Maker {
    Server(Pool),
    Cluster(Box<ClusterClient>),
}

impl Maker {
    fn of(address: &RedisAddress) -> RedisResult<Self> {
        let other = |problem| RedisError::from(io::Error::other(problem));
        if address.is_encrypted() {
            jangteo_tls::settle_provider();
        }
        let servers = address.servers()?;
        if address.is_cluster() {
            let client = ClusterClient::builder(servers);
            let client = match address.certificates() {
                Some(certificates) => client.certs(certificates),
                None => client,
            };
            return Ok(Self::Cluster(Box::new(client.build()?)));
        }
        let server = servers.into_iter().next().ok_or_else(|| other("there is no server"))?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_PATIENCE))
            .set_response_timeout(Some(CONNECT_PATIENCE))
            .set_pipeline_buffer_size(QUEUE);
        let pool = Pool::builder(Manager::new_with_config(server, config)?).build();
        Ok(Self::Server(pool.map_err(|_| other("there is no pool"))?))
    }

    /// A new connection, which has answered.
    async fn connect(&self) -> Result<Lane, Unconnected> {
        let connecting = async {
            let mut lane = match self {
                // Taken out of its pool for good: it is shared, not borrowed.
                Self::Server(pool) => Lane::Server(deadpool_redis::Connection::take(pool.get().await?)),
                Self::Cluster(client) => Lane::Cluster(client.get_async_connection().await?),
            };
            lane.greet().await?;
            Ok(lane)
        };
        timeout(CONNECT_PATIENCE, connecting).await.unwrap_or(Err(Unconnected::Late))
    }
}

#[derive(Debug, thiserror::Error)]
enum Unconnected {
    /// Neither has a greeting that the other one could refuse.
    #[error("no connection in time; that is also how it is if only one side speaks TLS")]
    Late,
    #[error("{0}")]
    NotEncrypted(String),
    #[error(transparent)]
    Error(RedisError),
    #[error(transparent)]
    Pool(PoolError),
}

impl From<RedisError> for Unconnected {
    fn from(error: RedisError) -> Self {
        match jangteo_tls::failure(&error) {
            Some(reason) => Self::NotEncrypted(reason),
            None if error.is_timeout() => Self::Late,
            None => Self::Error(error),
        }
    }
}

impl From<PoolError> for Unconnected {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => error.into(),
            other => Self::Pool(other),
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("answers", &self.answers()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use jangteo_test_services::{Authority, RedisCluster, RedisServer};

    use super::*;

    /// What comes of connecting to a URL, whose certificate has to be of this authority.
    async fn connect(url: &str, authority: &Authority) -> Result<(), String> {
        let address: RedisAddress = url.parse().unwrap();
        let address = address.trusting(fs::read(authority.file()).unwrap()).unwrap();
        connect_to(&address).await
    }

    async fn connect_to(address: &RedisAddress) -> Result<(), String> {
        let lane = Maker::of(address).unwrap().connect().await;
        lane.map(drop).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn nobody_is_connected_to_who_shows_no_certificate_for_the_host() {
        let authority = Authority::new();
        let mut server = RedisServer::start_encrypted(&authority.certificate("127.0.0.1"));
        let url = server.url();
        connect(&url, &authority).await.unwrap();
        let by_name = connect(&url.replace("127.0.0.1", "localhost"), &authority).await.unwrap_err();
        assert!(by_name.contains("is for another host"), "{by_name}");
        for refused in [connect(&url, &Authority::new()).await, connect_to(&url.parse().unwrap()).await] {
            let refused = refused.unwrap_err();
            assert!(refused.contains("is of no authority that is trusted"), "{refused}");
        }
        connect(&url.replace("rediss", "redis"), &authority).await.unwrap_err();
        server.show(&authority.expired("127.0.0.1"));
        let expired = connect(&url, &authority).await.unwrap_err();
        assert!(expired.contains("has expired"), "{expired}");

        let plain = RedisServer::start();
        let plain = connect(&plain.url().replace("redis", "rediss"), &authority).await.unwrap_err();
        // If it takes what is encrypted for a line, it says what it makes of it.
        assert!(
            ["only one side speaks TLS", "does not speak TLS"].iter().any(|told| plain.contains(told)),
            "{plain}"
        );
    }

    #[tokio::test]
    async fn the_nodes_of_a_cluster_are_held_to_the_same() {
        let authority = Authority::new();
        let cluster = RedisCluster::start_encrypted(&authority.certificate("127.0.0.1"));
        connect(&cluster.url(), &authority).await.unwrap();
        let refused = connect(&cluster.url(), &Authority::new()).await.unwrap_err();
        assert!(refused.contains("UnknownIssuer"), "{refused}");
        connect(&cluster.url().replace("rediss", "redis"), &authority).await.unwrap_err();
    }
}
