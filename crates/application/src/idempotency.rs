//! Stored answers: a request that is sent again gets the first answer again (ADR-025).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use jangteo_shared_kernel::{StorageError, Timestamp, UserId};

/// What a client names its request by: 1 to 255 visible ASCII characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdempotencyKey(String);

/// The text is not an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key is 1 to 255 visible ASCII characters")]
pub struct InvalidIdempotencyKey;

/// A hash of everything that makes two requests the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

/// Which request a command came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestMark {
    /// Who sent it. Keys of two users never meet.
    pub user: UserId,
    /// What they named it by.
    pub key: IdempotencyKey,
    /// What they asked for.
    pub fingerprint: Fingerprint,
}

/// The answer to an accepted request, ready to be sent, now and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The path of what was created.
    pub location: Option<String>,
    /// The body, to the byte.
    pub body: Vec<u8>,
}

/// An answer under the key of its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// Which request it answers.
    pub mark: RequestMark,
    /// The answer.
    pub answer: Answer,
    /// When it was given.
    pub created_at: Timestamp,
}

/// A user and what they named a request by.
pub type RecordKey = (UserId, IdempotencyKey);

/// Stored answers inside a transaction.
pub trait IdempotencyRepository: Send {
    /// The records under these keys, unlocked. Records are never locked: the domain rows are, before this is asked.
    fn find_idempotency_records(
        &mut self,
        keys: &BTreeSet<RecordKey>,
    ) -> impl Future<Output = Result<BTreeMap<RecordKey, IdempotencyRecord>, StorageError>> + Send;

    /// Adds records. MUST fail with [`StorageError::Transient`] if a user already has a record under a key.
    fn insert_idempotency_records(
        &mut self,
        new: &[IdempotencyRecord],
    ) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// Deletes at most `most` of the records made before `cutoff`, and says how many.
    fn delete_idempotency_records_before(
        &mut self,
        cutoff: Timestamp,
        most: u32,
    ) -> impl Future<Output = Result<u64, StorageError>> + Send;
}

/// Stored answers outside a transaction.
pub trait IdempotencyQueries: Sync {
    /// The records under these keys as they are committed. MUST read the primary.
    fn find_committed_records(
        &self,
        keys: &BTreeSet<RecordKey>,
    ) -> impl Future<Output = Result<BTreeMap<RecordKey, IdempotencyRecord>, StorageError>> + Send;

    /// The record under one key.
    fn find_idempotency_record(
        &self,
        key: &RecordKey,
    ) -> impl Future<Output = Result<Option<IdempotencyRecord>, StorageError>> + Send {
        async move {
            let mut records = self.find_committed_records(&BTreeSet::from([key.clone()])).await?;
            Ok(records.remove(key))
        }
    }
}

/// What became of a command that came with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<T, R> {
    /// It took effect.
    Accepted {
        /// What it brought about.
        outcome: T,
        /// The answer that is stored with the effect.
        answer: Answer,
    },
    /// It had taken effect before; this is the answer it got then.
    Replayed(Answer),
    /// The key was used for another request.
    KeyReused,
    /// It was refused, and nothing is stored: it may be tried again under the same key.
    Refused(R),
}

impl<T, R> Verdict<T, R> {
    /// The verdict without what the command brought about, for whoever needs only the answer.
    #[must_use]
    pub fn without_outcome(self) -> Verdict<(), R> {
        match self {
            Self::Accepted { answer, .. } => Verdict::Accepted { outcome: (), answer },
            Self::Replayed(answer) => Verdict::Replayed(answer),
            Self::KeyReused => Verdict::KeyReused,
            Self::Refused(refusal) => Verdict::Refused(refusal),
        }
    }
}

/// What is stored under the key of a command.
pub(crate) enum Found {
    Replay(Answer),
    OtherRequest,
}

/// The stored answers that a set of commands can meet, and those that it adds.
pub(crate) struct AnswerLedger {
    known: BTreeMap<RecordKey, IdempotencyRecord>,
    /// Those of them that are not stored yet, in order of arrival.
    fresh: Vec<RecordKey>,
}

impl AnswerLedger {
    /// Reads what is stored under these marks. The domain rows MUST be locked by now.
    pub(crate) async fn read<'a>(
        tx: &mut impl IdempotencyRepository,
        marks: impl Iterator<Item = &'a RequestMark>,
    ) -> Result<Self, StorageError> {
        let keys = marks.map(|mark| (mark.user, mark.key.clone())).collect();
        Ok(Self { known: tx.find_idempotency_records(&keys).await?, fresh: Vec::new() })
    }

    pub(crate) fn find(&self, mark: &RequestMark) -> Option<Found> {
        let record = self.known.get(&(mark.user, mark.key.clone()))?;
        let same = record.mark.fingerprint == mark.fingerprint;
        Some(if same { Found::Replay(record.answer.clone()) } else { Found::OtherRequest })
    }

    /// Decides a command unless its key has an answer; an accepted one's answer is kept, for the set too.
    pub(crate) fn settle<T, R>(
        &mut self,
        mark: &RequestMark,
        now: Timestamp,
        decide: impl FnOnce() -> Result<(T, Answer), R>,
    ) -> Verdict<T, R> {
        match self.find(mark) {
            Some(Found::Replay(answer)) => Verdict::Replayed(answer),
            Some(Found::OtherRequest) => Verdict::KeyReused,
            None => match decide() {
                Ok((outcome, answer)) => {
                    let key = (mark.user, mark.key.clone());
                    let record =
                        IdempotencyRecord { mark: mark.clone(), answer: answer.clone(), created_at: now };
                    self.known.insert(key.clone(), record);
                    self.fresh.push(key);
                    Verdict::Accepted { outcome, answer }
                }
                Err(refusal) => Verdict::Refused(refusal),
            },
        }
    }

    /// Stores the answers that the set added.
    pub(crate) async fn save(mut self, tx: &mut impl IdempotencyRepository) -> Result<(), StorageError> {
        let fresh: Vec<_> = self.fresh.iter().filter_map(|key| self.known.remove(key)).collect();
        if fresh.is_empty() { Ok(()) } else { tx.insert_idempotency_records(&fresh).await }
    }
}

impl IdempotencyKey {
    /// The key as the client sent it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = InvalidIdempotencyKey;

    fn from_str(text: &str) -> Result<Self, InvalidIdempotencyKey> {
        let holds = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if holds { Ok(Self(text.to_owned())) } else { Err(InvalidIdempotencyKey) }
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_visible_ascii() {
        assert!("a".parse::<IdempotencyKey>().is_ok());
        assert!("~!".repeat(127).parse::<IdempotencyKey>().is_ok());
        for bad in ["", " ", "a b", "가", "a\n", &"a".repeat(256)] {
            assert_eq!(bad.parse::<IdempotencyKey>(), Err(InvalidIdempotencyKey), "{bad:?}");
        }
    }
}
