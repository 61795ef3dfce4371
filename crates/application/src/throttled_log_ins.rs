//! Log-ins that are throttled.

use std::time::Duration;

use crate::{Counted, Counters, InvalidCredentials, Quota, SessionError};

/// Under which names an attempt to log in is counted; see [`Counters`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogInNames {
    /// The account, whether it is there or not; `None` if what was given can be none.
    pub account: Option<String>,
    /// The client's address.
    pub address: String,
}

/// Throttles failed log-ins by account and by address (ADR-036).
#[derive(Debug)]
pub struct ThrottledLogIns<C> {
    /// Counts.
    pub counters: C,
    /// How often log-ins to one account may fail.
    pub account: Quota,
    /// How often log-ins from one address may fail.
    pub address: Quota,
}

/// Why nobody was logged in.
#[derive(Debug, thiserror::Error)]
pub enum ThrottledError {
    /// Too many attempts have failed. Whether this one was right was not looked at.
    #[error("too many log-ins have failed; again in {0:?}")]
    Paused(Duration),
    /// It was let through and failed.
    #[error(transparent)]
    Session(#[from] SessionError<InvalidCredentials>),
}

impl<C: Counters> ThrottledLogIns<C> {
    /// Lets a log-in happen unless there is a pause.
    ///
    /// It is counted before, so no more guesses are computed at once than may fail. What is refused here counts for
    /// nothing, and so do faults. A success counts for nothing either, and forgives the account its failures; not the
    /// address, whose next guess may be at another account.
    pub async fn log_in<T, F>(
        &self,
        names: &LogInNames,
        log_in: impl FnOnce() -> F,
    ) -> Result<T, ThrottledError>
    where
        F: Future<Output = Result<T, SessionError<InvalidCredentials>>>,
    {
        let LogInNames { account, address } = names;
        // The address first: one that is kept away must not have any account kept away.
        if let Counted::Paused(left) = self.counters.count(address, &self.address).await {
            return Err(ThrottledError::Paused(left));
        }
        if let Some(account) = account
            && let Counted::Paused(left) = self.counters.count(account, &self.account).await
        {
            self.counters.take_back(address).await;
            return Err(ThrottledError::Paused(left));
        }
        let outcome = log_in().await;
        if !matches!(outcome, Err(SessionError::Refused(InvalidCredentials))) {
            self.counters.take_back(address).await;
            if let Some(account) = account {
                if outcome.is_ok() {
                    self.counters.forget(account).await;
                } else {
                    self.counters.take_back(account).await;
                }
            }
        }
        Ok(outcome?)
    }
}
