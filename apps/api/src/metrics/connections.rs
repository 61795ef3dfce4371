//! Connections to the database and to Redis, as the process knows them: nobody is asked.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jangteo_redis::Redis;
use jangteo_storage_sea_orm::PoolUse;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet};
use prometheus_client::metrics::MetricType;

use crate::storage::Storage;

/// The connections of the shop. Clones look at the same.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionMeters(Arc<Ends>);

#[derive(Debug)]
struct Ends {
    storage: Storage,
    committers: Mutex<Vec<Storage>>,
    redis: Option<Redis>,
}

#[derive(Debug, EncodeLabelSet)]
struct Pool {
    pool: &'static str,
}

#[derive(Debug, EncodeLabelSet)]
struct Connections {
    pool: &'static str,
    state: &'static str,
}

impl ConnectionMeters {
    /// Those of this storage, and of Redis if there is one.
    pub(super) fn new(storage: Storage, redis: Option<Redis>) -> Self {
        Self(Arc::new(Ends { storage, committers: Mutex::default(), redis }))
    }

    /// Looks at the writers of a committer as well. On an embedded database they are everybody's.
    pub(crate) fn add_committer(&self, storage: &Storage) {
        if storage.writes_side_by_side() {
            self.committers().push(storage.clone());
        }
    }

    /// Lets go of them, so that their connections end with the committers.
    pub(crate) fn forget_committers(&self) {
        self.committers().clear();
    }

    fn committers(&self) -> MutexGuard<'_, Vec<Storage>> {
        // Nothing panics while it is held.
        self.0.committers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pools(&self) -> [(&'static str, PoolUse); 4] {
        let storage = &self.0.storage;
        [
            ("writers", storage.writers()),
            ("committers", self.committers().iter().map(Storage::writers).sum()),
            ("readers", storage.readers()),
            ("replicas", storage.replica_readers()),
        ]
    }

    fn others(&self) -> [(&'static str, &'static str, u64); 4] {
        let many = |count| u64::try_from(count).unwrap_or(u64::MAX);
        let (storage, redis) = (&self.0.storage, self.0.redis.as_ref());
        [
            ("database_replicas", "Replicas that there are to be", many(storage.replicas())),
            (
                "database_replicas_away",
                "Replicas that are left alone for now, because they did not answer",
                many(storage.replicas_away()),
            ),
            ("redis_configured", "1 if there is to be a Redis", u64::from(redis.is_some())),
            ("redis_up", "1 if Redis answers", u64::from(redis.is_some_and(Redis::answers))),
        ]
    }
}

impl Collector for ConnectionMeters {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (pools, gauge) = (self.pools(), MetricType::Gauge);
        let help = "Connections to the database that are open";
        let mut family = encoder.encode_descriptor("database_connections", help, None, gauge)?;
        for (pool, PoolUse { idle, in_use, .. }) in pools {
            for (state, count) in [("idle", idle), ("in_use", in_use)] {
                family.encode_family(&Connections { pool, state })?.encode_gauge(&count)?;
            }
        }
        let help = "Connections to the database that may be open";
        let mut family = encoder.encode_descriptor("database_connections_limit", help, None, gauge)?;
        for (pool, PoolUse { limit, .. }) in pools {
            family.encode_family(&Pool { pool })?.encode_gauge(&limit)?;
        }
        for (name, help, number) in self.others() {
            encoder.encode_descriptor(name, help, None, gauge)?.encode_gauge(&number)?;
        }
        Ok(())
    }
}
