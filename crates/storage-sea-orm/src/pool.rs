//! How connections are used, as their pools know it: no database is asked.

use std::iter::Sum;

use sea_orm::DatabaseConnection;

use crate::SeaOrmStorage;
use crate::engine::Engine;
use crate::lane::Lane;

/// How the connections of a pool are used at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PoolUse {
    /// Open, and free.
    pub idle: u32,
    /// Open, and with somebody.
    pub in_use: u32,
    /// How many there may be.
    pub limit: u32,
}

impl SeaOrmStorage {
    /// Of the connections on which transactions run.
    #[must_use]
    pub fn writers(&self) -> PoolUse {
        PoolUse::of(&self.writer)
    }

    /// Of those that serve reads outside transactions.
    #[must_use]
    pub fn readers(&self) -> PoolUse {
        PoolUse::of(&self.reader)
    }

    /// Of those to all replicas.
    #[must_use]
    pub fn replica_readers(&self) -> PoolUse {
        self.replicas.lanes().map(PoolUse::of).sum()
    }

    /// How many replicas there are to be.
    #[must_use]
    pub fn replicas(&self) -> usize {
        self.replicas.lanes().count()
    }

    /// How many of them are left alone for now, because they did not answer. None of them is asked.
    #[must_use]
    pub fn replicas_away(&self) -> usize {
        self.replicas.away()
    }
}

impl PoolUse {
    fn of(lane: &Lane<DatabaseConnection>) -> Self {
        let connection = &lane.connection;
        // The pool is of the engine, so it is there.
        let (open, idle, limit) = match lane.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => {
                let pool = connection.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle(), pool.options().get_max_connections())
            }
            #[cfg(feature = "postgres")]
            Engine::Postgres => {
                let pool = connection.get_postgres_connection_pool();
                (pool.size(), pool.num_idle(), pool.options().get_max_connections())
            }
            #[cfg(feature = "mysql")]
            Engine::MySql => {
                let pool = connection.get_mysql_connection_pool();
                (pool.size(), pool.num_idle(), pool.options().get_max_connections())
            }
        };
        // The two are not counted at the same moment.
        let idle = u32::try_from(idle).unwrap_or(u32::MAX).min(open);
        Self { idle, in_use: open - idle, limit }
    }
}

impl Sum for PoolUse {
    fn sum<I: Iterator<Item = Self>>(pools: I) -> Self {
        pools.fold(Self::default(), |all, pool| Self {
            idle: all.idle.saturating_add(pool.idle),
            in_use: all.in_use.saturating_add(pool.in_use),
            limit: all.limit.saturating_add(pool.limit),
        })
    }
}
