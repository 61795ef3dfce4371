//! Finished answers to what is asked often: the last bytes and their tag, made once however many ask (ADR-034).
//!
//! First the process is searched, then what the instances share, then the database. An answer is good for [`LIFE`] at
//! most, counted from before it was read, so that a change by another instance shows within that time whatever is lost
//! on the way. A change by this instance shows at once: see [`Writes`].

mod first;
mod name;
mod second;
mod untold;
mod writes;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::HeaderValue;
use actix_web::web::Bytes;
use chrono::TimeDelta;
use jangteo_application::{FinishedAnswer, SharedAnswer, SharedAnswers, Sources};
use jangteo_shared_kernel::Timestamp;
use serde::Serialize;

use crate::body::values::bytes;
use crate::metrics::KeptMeters;
use crate::problem::Problem;
use crate::reply::Tag;
use first::{FirstLevel, Young};
pub(crate) use name::AnswerName;
pub(crate) use second::SecondLevel;
pub(crate) use writes::Writes;

/// How long an answer is good, which is how soon a change shows everywhere.
pub(crate) const LIFE: Duration = Duration::from_secs(1);

/// [`LIFE`], as the clock counts.
const LIFE_DELTA: TimeDelta = TimeDelta::seconds(1);

/// An answer as it is sent. A clone shares the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finished {
    /// The body.
    pub(crate) body: Bytes,
    /// The entity tag in its quotes, if the answer has one.
    pub(crate) tag: Option<HeaderValue>,
}

/// The answers that are kept, on both levels.
pub(crate) struct Kept<S> {
    sources: Sources,
    writes: Arc<Writes>,
    first: FirstLevel<AnswerName>,
    second: S,
    meters: KeptMeters,
}

impl<S: SharedAnswers> Kept<S> {
    /// Nothing is kept yet. Whoever writes notes it in `writes`.
    pub(crate) fn new(sources: Sources, writes: Arc<Writes>, second: S, meters: KeptMeters) -> Self {
        Self { sources, writes, first: FirstLevel::new(), second, meters }
    }

    /// The answer of this name, made by `make` from the database unless there is a good one. Whoever asks while it is
    /// being made waits for it, unless something was written since; a problem is told to those, and not kept.
    pub(crate) async fn get<F>(&self, name: AnswerName, make: impl FnOnce() -> F) -> Result<Finished, Problem>
    where
        F: Future<Output = Result<Finished, Problem>>,
    {
        // The edition is taken before anything is read, so what is read may be newer, and never older.
        let edition = self.writes.edition(name.topic());
        let now = self.sources.now();
        let entry = match self.first.find(&name, edition, now) {
            Ok(finished) => {
                self.meters.process.inc();
                return Ok(finished);
            }
            Err(entry) => entry,
        };
        // Whoever makes it may go away meanwhile; then the next one who waits does.
        let mut waited = true;
        let outcome = entry.value.get_or_init(async || {
            waited = false;
            let young = self.fetch(&name, entry.begun, make).await?;
            self.first.weigh(&young.finished);
            Ok(young)
        });
        let finished = outcome.await.as_ref().map(|young| young.finished.clone()).map_err(Clone::clone);
        if waited {
            self.meters.waited.inc();
        }
        finished
    }

    /// Hears what other instances have written, for ever.
    pub(crate) async fn listen(&self) {
        self.second.listen(|written| self.writes.note_products(&written, self.sources.now())).await;
    }

    /// Tells other instances what this one has written, for ever.
    pub(crate) async fn tell(&self) {
        loop {
            self.second.tell(&self.writes.untold().await).await;
        }
    }

    async fn fetch<F>(
        &self,
        name: &AnswerName,
        begun: Timestamp,
        make: impl FnOnce() -> F,
    ) -> Result<Young, Problem>
    where
        F: Future<Output = Result<Finished, Problem>>,
    {
        let make = || {
            self.meters.database.inc();
            make()
        };
        let own = |finished| Young { finished, until: begun + LIFE_DELTA };
        // What was put there before this instance wrote is gone from there when it has lived its life.
        if self.writes.lately(name.topic(), begun) {
            return Ok(own(make().await?));
        }
        let text = name.to_string();
        let asked = self.sources.now();
        match self.second.find(&text).await {
            SharedAnswer::Found(answer, left) => {
                self.meters.redis.inc();
                let left = TimeDelta::from_std(left).unwrap_or(LIFE_DELTA).min(LIFE_DELTA);
                Ok(Young { finished: Finished::received(answer)?, until: asked + left })
            }
            SharedAnswer::Away => Ok(own(make().await?)),
            SharedAnswer::Missing(missing) => {
                let finished = make().await?;
                self.second.put(&text, &finished.to_share(), missing, LIFE).await;
                Ok(own(finished))
            }
        }
    }
}

impl Finished {
    /// A body without a tag.
    pub(crate) const fn untagged(body: Bytes) -> Self {
        Self { body, tag: None }
    }

    /// A body in the state that the tag names.
    pub(crate) fn tagged(tag: &Tag, body: &impl Serialize) -> Result<Self, Problem> {
        let tag = HeaderValue::try_from(tag.to_string()).map_err(|error| Problem::internal(&error.into()))?;
        Ok(Self { body: Bytes::from(bytes(body)), tag: Some(tag) })
    }

    fn received(answer: FinishedAnswer) -> Result<Self, Problem> {
        let tag = answer.tag.map(HeaderValue::try_from).transpose();
        let tag = tag.map_err(|error| Problem::internal(&error.into()))?;
        Ok(Self { body: answer.body.into(), tag })
    }

    fn to_share(&self) -> FinishedAnswer {
        let tag = self.tag.as_ref().and_then(|tag| tag.to_str().ok());
        FinishedAnswer { body: self.body.to_vec(), tag: tag.map(str::to_owned) }
    }
}

impl<S> fmt::Debug for Kept<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
