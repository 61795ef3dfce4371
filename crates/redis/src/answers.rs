//! Finished answers that all instances share, and messages about what was written.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use deadpool_redis::redis::{Script, cmd};
use jangteo_application::{FinishedAnswer, SharedAnswer, SharedAnswers, SharedMoment, Sources};
use jangteo_shared_kernel::ProductId;

use crate::connection::Away;
use crate::messages::{self, Message};
use crate::{Redis, RedisAddress, millis};

const FIND: &str = include_str!("answers_find.lua");
const PUT: &str = include_str!("answers_put.lua");

/// Short-lived answers in Redis, counted by its clock (ADR-034). While it is away there are none, and messages are lost.
pub struct RedisAnswers {
    redis: Redis,
    address: RedisAddress,
    find: Script,
    put: Script,
    /// Marks the messages of this instance, which it need not hear.
    sender: String,
}

impl RedisAnswers {
    /// Answers in this Redis. Messages have a connection of their own, to the same address.
    #[must_use]
    pub fn new(redis: Redis, address: RedisAddress, sources: &Sources) -> Self {
        let sender = format!("{:032x}", u128::from_be_bytes(sources.random()));
        Self { redis, address, find: Script::new(FIND), put: Script::new(PUT), sender }
    }
}

fn key(name: &str) -> String {
    format!("jangteo:answer:{name}")
}

impl SharedAnswers for RedisAnswers {
    async fn find(&self, name: &str) -> SharedAnswer {
        let question = self.find.key(key(name));
        match self.redis.run::<(Option<Vec<u8>>, u64)>(&question).await {
            Ok((Some(text), left)) => match decode(text) {
                Some(answer) => SharedAnswer::Found(answer, Duration::from_millis(left)),
                None => SharedAnswer::Away,
            },
            Ok((None, now)) => SharedAnswer::Missing(SharedMoment(now)),
            Err(Away) => SharedAnswer::Away,
        }
    }

    async fn put(&self, name: &str, answer: &FinishedAnswer, missing: SharedMoment, life: Duration) {
        let mut question = self.put.key(key(name));
        question.arg(encode(answer)).arg(missing.0).arg(millis(life));
        // If it is not heard, the next one who looks does not find it.
        let _ = self.redis.run::<()>(&question).await;
    }

    async fn tell(&self, written: &BTreeSet<ProductId>) {
        let message = Message { sender: &self.sender, written }.to_string();
        // If it is not heard, answers live their short lives.
        let _ = self.redis.query::<()>(cmd("PUBLISH").arg(messages::CHANNEL).arg(message)).await;
    }

    async fn listen(&self, hear: impl FnMut(BTreeSet<ProductId>) + Send) {
        messages::listen(&self.address, &self.sender, hear).await;
    }
}

/// The tag, which has no line break, in a line of its own, then the body.
fn encode(answer: &FinishedAnswer) -> Vec<u8> {
    [answer.tag.as_deref().unwrap_or_default().as_bytes(), b"\n", &answer.body].concat()
}

fn decode(mut text: Vec<u8>) -> Option<FinishedAnswer> {
    let end = text.iter().position(|byte| *byte == b'\n')?;
    let body = text.split_off(end + 1);
    text.truncate(end);
    let tag = String::from_utf8(text).ok()?;
    Some(FinishedAnswer { body, tag: (!tag.is_empty()).then_some(tag) })
}

impl fmt::Debug for RedisAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisAnswers").field("redis", &self.redis).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for (tag, body) in [(Some("\"1.1\""), "{}"), (None, "{}"), (Some("\"a\""), ""), (None, "a\nb\n")] {
            let answer = FinishedAnswer { body: body.into(), tag: tag.map(str::to_owned) };
            assert_eq!(decode(encode(&answer)), Some(answer));
        }
        assert_eq!(decode(b"{}".to_vec()), None);
    }
}
