//! Allowances that all instances share.

use std::fmt;
use std::time::Duration;

use deadpool_redis::redis::Script;
use jangteo_application::{Draw, Drawn, SharedAllowances};

use crate::{Redis, millis};

const DRAW: &str = include_str!("allowances_draw.lua");

/// How many keys there may be in the database before names that are new are not counted any more: some 36 MB of them.
const MOST_KEYS: u32 = 250_000;

/// Counts requests for all instances together, a sixteenth of what is left with each round trip (ADR-044). Windows end by the
/// clock of the Redis server.
pub struct RedisAllowances {
    redis: Redis,
    draw: Script,
}

impl RedisAllowances {
    /// Allowances in this Redis.
    #[must_use]
    pub fn new(redis: Redis) -> Self {
        Self { redis, draw: Script::new(DRAW) }
    }
}

impl SharedAllowances for RedisAllowances {
    async fn draw(&self, name: &str, draw: &Draw) -> Option<Drawn> {
        let mut question = self.draw.key(format!("jangteo:requests:{name}"));
        question.arg(draw.allowance.requests.get()).arg(millis(draw.allowance.window));
        question.arg(draw.spent).arg(MOST_KEYS);
        let answer = self.redis.run::<Option<(u32, u32, u64)>>(&question).await.ok()?;
        answer.map(|(granted, left, ends)| Drawn { granted, left, renews_in: Duration::from_millis(ends) })
    }
}

impl fmt::Debug for RedisAllowances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisAllowances").field("redis", &self.redis).finish_non_exhaustive()
    }
}
