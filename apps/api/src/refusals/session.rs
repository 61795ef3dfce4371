//! Log-ins.

use jangteo_application::{InvalidCredentials, SessionError, ThrottledError};
use jangteo_shared_kernel::Cause;
use jangteo_user::{HasherBusy, RefreshRefusal};

use crate::problem::{Code, Problem};

/// Why nobody was logged in.
pub(crate) fn cannot_log_in(error: ThrottledError) -> Problem {
    match error {
        ThrottledError::Paused(pause) => Problem::rate_limited(pause),
        ThrottledError::Session(SessionError::Refused(InvalidCredentials)) => {
            Problem::plain(Code::InvalidCredentials)
        }
        ThrottledError::Session(SessionError::Storage(error)) => error.into(),
        ThrottledError::Session(SessionError::Credential(cause)) => no_credential(&cause),
    }
}

/// Why a password was not changed.
pub(crate) fn cannot_change_password(error: ThrottledError) -> Problem {
    match error {
        ThrottledError::Session(SessionError::Refused(InvalidCredentials)) => {
            Problem::new(Code::InvalidCredentials, "the current password is wrong")
        }
        error => cannot_log_in(error),
    }
}

/// Why a log-in was not continued. The client is told the same for all refusals.
pub(crate) fn cannot_refresh(error: SessionError<RefreshRefusal>) -> Problem {
    match error {
        SessionError::Refused(
            RefreshRefusal::Ended | RefreshRefusal::Expired | RefreshRefusal::Reused { .. },
        ) => Problem::plain(Code::Unauthenticated),
        SessionError::Storage(error) => error.into(),
        SessionError::Credential(cause) => no_credential(&cause),
    }
}

/// Why there is no hash or signature: too many want one, or something is broken.
pub(crate) fn no_credential(cause: &Cause) -> Problem {
    if cause.is::<HasherBusy>() {
        Problem::unavailable(&HasherBusy.to_string())
    } else {
        Problem::internal(cause)
    }
}
