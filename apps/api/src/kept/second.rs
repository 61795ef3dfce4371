//! Which second level the shop has: the one place that names it.

use std::collections::BTreeSet;
use std::future::pending;
use std::time::Duration;

use jangteo_application::{FinishedAnswer, SharedAnswer, SharedAnswers, SharedMoment};
use jangteo_redis::RedisAnswers;
use jangteo_shared_kernel::ProductId;

/// The second level of the shop.
#[derive(Debug)]
pub(crate) enum SecondLevel {
    /// Nobody shares anything.
    Nobody,
    /// All instances share what is in Redis.
    Redis(RedisAnswers),
}

impl SharedAnswers for SecondLevel {
    async fn find(&self, name: &str) -> SharedAnswer {
        match self {
            Self::Nobody => SharedAnswer::Away,
            Self::Redis(redis) => redis.find(name).await,
        }
    }

    async fn put(&self, name: &str, answer: &FinishedAnswer, missing: SharedMoment, life: Duration) {
        match self {
            Self::Nobody => {}
            Self::Redis(redis) => redis.put(name, answer, missing, life).await,
        }
    }

    async fn tell(&self, written: &BTreeSet<ProductId>) {
        match self {
            Self::Nobody => {}
            Self::Redis(redis) => redis.tell(written).await,
        }
    }

    async fn listen(&self, hear: impl FnMut(BTreeSet<ProductId>) + Send) {
        match self {
            Self::Nobody => pending().await,
            Self::Redis(redis) => redis.listen(hear).await,
        }
    }
}
