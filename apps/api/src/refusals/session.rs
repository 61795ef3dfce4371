//! Log-ins.

use jangteo_application::{InvalidCredentials, SessionError};
use jangteo_user::RefreshRefusal;

use crate::problem::{Code, Problem};

/// Why nobody was logged in.
pub(crate) fn cannot_log_in(error: SessionError<InvalidCredentials>) -> Problem {
    match error {
        SessionError::Refused(InvalidCredentials) => Problem::plain(Code::InvalidCredentials),
        SessionError::Storage(error) => error.into(),
        SessionError::Credential(cause) => Problem::internal(&cause),
    }
}

/// Why a password was not changed.
pub(crate) fn cannot_change_password(error: SessionError<InvalidCredentials>) -> Problem {
    match error {
        SessionError::Refused(InvalidCredentials) => {
            Problem::new(Code::InvalidCredentials, "the current password is wrong")
        }
        SessionError::Storage(error) => error.into(),
        SessionError::Credential(cause) => Problem::internal(&cause),
    }
}

/// Why a log-in was not continued. The client is told the same for all refusals.
pub(crate) fn cannot_refresh(error: SessionError<RefreshRefusal>) -> Problem {
    match error {
        SessionError::Refused(RefreshRefusal::Ended | RefreshRefusal::Expired | RefreshRefusal::Reused) => {
            Problem::plain(Code::Unauthenticated)
        }
        SessionError::Storage(error) => error.into(),
        SessionError::Credential(cause) => Problem::internal(&cause),
    }
}
