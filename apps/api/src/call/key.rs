//! Idempotency keys.

use actix_web::HttpRequest;
use jangteo_application::{Fingerprint, IdempotencyKey, RequestMark};

use super::access::Person;
use crate::problem::{Code, Problem};

/// The header that carries a key.
pub(crate) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// Whether a request must carry a key; `A` says who calls.
pub(crate) trait Keying<A>: Sized + 'static {
    /// The key as it was read.
    type Key;

    /// What it may refuse with.
    const PROBLEMS: &'static [Code];

    /// The key of the request.
    fn read(request: &HttpRequest) -> Result<Self::Key, Problem>;

    /// The mark of the request.
    fn mark(key: Self::Key, who: &A, fingerprint: impl FnOnce() -> Fingerprint) -> Self;
}

/// The request needs no key, and one that it has means nothing.
#[derive(Debug)]
pub(crate) struct NoKey(());

/// The request has a key, and so takes effect once.
#[derive(Debug)]
pub(crate) struct Keyed(RequestMark);

impl<A> Keying<A> for NoKey {
    type Key = ();

    const PROBLEMS: &'static [Code] = &[];

    fn read(_: &HttpRequest) -> Result<(), Problem> {
        Ok(())
    }

    fn mark((): (), _: &A, _: impl FnOnce() -> Fingerprint) -> Self {
        Self(())
    }
}

impl<A: Person> Keying<A> for Keyed {
    type Key = IdempotencyKey;

    const PROBLEMS: &'static [Code] =
        &[Code::IdempotencyKeyRequired, Code::IdempotencyKeyInvalid, Code::IdempotencyKeyReused];

    fn read(request: &HttpRequest) -> Result<IdempotencyKey, Problem> {
        let mut values = request.headers().get_all(IDEMPOTENCY_KEY);
        let value = values.next().ok_or_else(|| Problem::plain(Code::IdempotencyKeyRequired))?;
        let key = value.to_str().ok().and_then(|text| text.parse().ok()).filter(|_| values.next().is_none());
        key.ok_or_else(|| Problem::plain(Code::IdempotencyKeyInvalid))
    }

    fn mark(key: IdempotencyKey, who: &A, fingerprint: impl FnOnce() -> Fingerprint) -> Self {
        Self(RequestMark { user: who.user(), key, fingerprint: fingerprint() })
    }
}

impl Keyed {
    /// The mark, for a command.
    pub(crate) fn into_mark(self) -> RequestMark {
        self.0
    }
}
