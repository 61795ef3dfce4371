//! A connection to a server or to a Cluster, as one type.

use deadpool_redis::cluster::ClusterConnection;
use deadpool_redis::redis::aio::{ConnectionLike, MultiplexedConnection};
use deadpool_redis::redis::{Cmd, Pipeline, RedisFuture, RedisResult, Value, cmd};

/// A connection that many may use at once. A clone is the same connection.
#[derive(Clone)]
pub(crate) enum Lane {
    Server(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Lane {
    /// Asks whether anybody is there.
    pub(crate) async fn greet(&mut self) -> RedisResult<()> {
        cmd("PING").query_async::<Value>(self).await.map(|_| ())
    }
}

impl ConnectionLike for Lane {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Server(lane) => lane.req_packed_command(cmd),
            Self::Cluster(lane) => lane.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        cmd: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Server(lane) => lane.req_packed_commands(cmd, offset, count),
            Self::Cluster(lane) => lane.req_packed_commands(cmd, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Server(lane) => lane.get_db(),
            Self::Cluster(lane) => lane.get_db(),
        }
    }
}
