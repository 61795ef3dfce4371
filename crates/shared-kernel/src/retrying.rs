//! Running a lost race again.

use crate::StorageError;

/// How often a transaction is tried at most.
pub const MAX_ATTEMPTS: u32 = 3;

/// Runs `work`, and runs it again while it fails with [`StorageError::Transient`], at most [`MAX_ATTEMPTS`]
/// times in all. `pause` is awaited before attempt 2, 3, …, with the number of attempts made so far: the caller
/// sleeps there (with jitter) and counts.
///
/// `work` MUST be a whole transaction: part of one cannot be run again.
pub async fn retrying<T, W, P>(pause: impl Fn(u32) -> P, work: impl Fn() -> W) -> Result<T, StorageError>
where
    W: Future<Output = Result<T, StorageError>>,
    P: Future<Output = ()>,
{
    let mut attempt = 1;
    loop {
        match work().await {
            Err(error) if error.is_transient() && attempt < MAX_ATTEMPTS => pause(attempt).await,
            outcome => return outcome,
        }
        attempt += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::ready;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// Runs a future that never waits.
    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("the future waits"),
        }
    }

    fn lost_race() -> StorageError {
        StorageError::Transient("deadlock".into())
    }

    #[test]
    fn runs_a_lost_race_again() {
        let (runs, pauses) = (Cell::new(0), Cell::new(0));
        let outcome = now(retrying(
            |attempt| {
                pauses.set(attempt);
                ready(())
            },
            || {
                runs.set(runs.get() + 1);
                ready(if runs.get() < 3 { Err(lost_race()) } else { Ok("done") })
            },
        ));
        assert_eq!((outcome.unwrap(), runs.get(), pauses.get()), ("done", 3, 2));
    }

    #[test]
    fn gives_up_after_three_attempts() {
        let runs = Cell::new(0);
        let outcome: Result<(), _> = now(retrying(
            |_| ready(()),
            || {
                runs.set(runs.get() + 1);
                ready(Err(lost_race()))
            },
        ));
        assert!(outcome.unwrap_err().is_transient());
        assert_eq!(runs.get(), MAX_ATTEMPTS);
    }

    #[test]
    fn never_repeats_what_may_have_happened() {
        let runs = Cell::new(0);
        let outcome: Result<(), _> = now(retrying(
            |_| ready(()),
            || {
                runs.set(runs.get() + 1);
                ready(Err(StorageError::Unavailable("connection lost during COMMIT".into())))
            },
        ));
        assert!(matches!(outcome, Err(StorageError::Unavailable(_))));
        assert_eq!(runs.get(), 1);
    }
}
