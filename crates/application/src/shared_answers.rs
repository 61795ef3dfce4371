//! Finished answers that instances share.

use std::collections::BTreeSet;
use std::time::Duration;

use jangteo_shared_kernel::ProductId;

/// An answer as it is sent, whoever asks: nothing in it is personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedAnswer {
    /// Its bytes.
    pub body: Vec<u8>,
    /// Its entity tag as HTTP writes it, in its quotes, if it has one.
    pub tag: Option<String>,
}

/// A moment in the time of the memory that instances share, which is not the time of any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedMoment(pub u64);

/// What a search for an answer comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SharedAnswer {
    /// It is there, and good for so long from the moment it was asked for.
    Found(FinishedAnswer, Duration),
    /// It was not there at this moment. Whoever makes it now may [`SharedAnswers::put`] it as of then.
    Missing(SharedMoment),
    /// There is nothing to search in.
    Away,
}

/// The second level of a cache: short-lived answers of all instances, and messages about what was written (ADR-034).
///
/// Everything in it may be lost at any moment, messages included, and it may hold what is older than the last commit. An
/// implementation
/// - MUST count an answer's life from the moment at which it was missing, by one clock for all instances, so that what
///   was read from the database before that moment is never told beyond that life, however late it is put;
/// - MUST NOT fail or wait for long.
pub trait SharedAnswers: Send + Sync {
    /// Looks for an answer.
    fn find(&self, name: &str) -> impl Future<Output = SharedAnswer> + Send;

    /// Puts in an answer that was made after it was `missing`, good for `life` from then.
    fn put(
        &self,
        name: &str,
        answer: &FinishedAnswer,
        missing: SharedMoment,
        life: Duration,
    ) -> impl Future<Output = ()> + Send;

    /// Tells the other instances that these products were written, after the commit.
    fn tell(&self, written: &BTreeSet<ProductId>) -> impl Future<Output = ()> + Send;

    /// Hears what other instances tell, for as long as it is polled.
    fn listen(&self, hear: impl FnMut(BTreeSet<ProductId>) + Send) -> impl Future<Output = ()> + Send;
}
