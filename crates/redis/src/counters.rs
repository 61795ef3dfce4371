//! Counters that all instances share.

use std::fmt;
use std::time::Duration;

use deadpool_redis::redis::{Script, cmd};
use jangteo_application::{Counted, Counters, InProcessCounters, Quota, Sources};

use crate::connection::Away;
use crate::{Redis, millis};

const COUNT: &str = include_str!("counters_count.lua");
const TAKE_BACK: &str = include_str!("counters_take_back.lua");

/// Counts for all instances together, each call one round trip (ADR-036). Time is that of the Redis server. While Redis is
/// away each instance counts for itself.
pub struct RedisCounters {
    redis: Redis,
    count: Script,
    take_back: Script,
    meanwhile: InProcessCounters,
}

impl RedisCounters {
    /// Counters in this Redis.
    #[must_use]
    pub fn new(redis: Redis, sources: Sources) -> Self {
        let meanwhile = InProcessCounters::new(sources);
        Self { redis, count: Script::new(COUNT), take_back: Script::new(TAKE_BACK), meanwhile }
    }
}

fn key(name: &str) -> String {
    format!("jangteo:count:{name}")
}

impl Counters for RedisCounters {
    async fn count(&self, name: &str, quota: &Quota) -> Counted {
        let mut question = self.count.key(key(name));
        question.arg(quota.free.get());
        for span in [quota.window, quota.first_pause, quota.longest_pause] {
            question.arg(millis(span));
        }
        match self.redis.run::<u64>(&question).await {
            Ok(0) => Counted::Passed,
            Ok(left) => Counted::Paused(Duration::from_millis(left)),
            Err(Away) => self.meanwhile.count(name, quota).await,
        }
    }

    async fn take_back(&self, name: &str) {
        // It was counted there or here.
        self.meanwhile.take_back(name).await;
        let question = self.take_back.key(key(name));
        // If it is not heard, the count is one too high until its window has passed.
        let _ = self.redis.run::<()>(&question).await;
    }

    async fn forget(&self, name: &str) {
        self.meanwhile.forget(name).await;
        let _ = self.redis.query::<()>(cmd("UNLINK").arg(key(name))).await;
    }
}

impl fmt::Debug for RedisCounters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCounters").field("redis", &self.redis).finish_non_exhaustive()
    }
}
