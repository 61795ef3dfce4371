//! What whoever guards the shop wants to know, told in the log (ADR-046): the one place that names it.
//!
//! Nothing here is anybody's: users have their ids, and accounts and clients the names that their failures are counted
//! under (ADR-036). The request, which the span around names, is what connects an event with other lines.

use actix_web::HttpRequest;
use jangteo_application::{InvalidCredentials, SessionError, SessionTokens, ThrottledError};
use jangteo_shared_kernel::UserId;
use jangteo_user::{Email, RefreshRefusal};
use tracing::field::display;

use crate::door_names::DoorNames;

/// What all of them are logged under, so that a filter can keep them: `warn,security=info`.
const TARGET: &str = "security";

/// What has happened. Names are for programs, and stay.
#[derive(Debug, Clone, Copy)]
enum Event {
    LoggedIn,
    LogInFailed,
    LogInThrottled,
    RefreshTokenReused,
    AccessRefused,
    PasswordChanged,
    PasswordNotChanged,
    PasswordThrottled,
    FieldKeyChanged,
}

impl Event {
    const fn name(self) -> &'static str {
        match self {
            Self::LoggedIn => "logged-in",
            Self::LogInFailed => "log-in-failed",
            Self::LogInThrottled => "log-in-throttled",
            Self::RefreshTokenReused => "refresh-token-reused",
            Self::AccessRefused => "access-refused",
            Self::PasswordChanged => "password-changed",
            Self::PasswordNotChanged => "password-not-changed",
            Self::PasswordThrottled => "password-throttled",
            Self::FieldKeyChanged => "field-key-changed",
        }
    }
}

/// Somebody was refused what is not theirs: what only administrators may do, or what belongs to another.
pub(crate) fn access_refused(user: UserId) {
    warn(Event::AccessRefused, user);
}

/// Tells how a change of somebody's password ended. A fault of ours is told elsewhere.
pub(crate) fn password_change(user: UserId, outcome: &Result<(), ThrottledError>) {
    match outcome {
        Ok(()) => {
            let (event, user) = (Event::PasswordChanged.name(), display(user));
            tracing::info!(target: TARGET, event, user);
        }
        Err(ThrottledError::Session(SessionError::Refused(InvalidCredentials))) => {
            warn(Event::PasswordNotChanged, user);
        }
        Err(ThrottledError::Paused(_)) => warn(Event::PasswordThrottled, user),
        Err(ThrottledError::Session(SessionError::Storage(_) | SessionError::Credential(_))) => {}
    }
}

/// Personal data is sealed with another key from now on.
pub(crate) fn field_key_changed(before: u32, current: u32) {
    tracing::info!(target: TARGET, event = Event::FieldKeyChanged.name(), before, current);
}

fn warn(event: Event, user: UserId) {
    let (event, user) = (event.name(), display(user));
    tracing::warn!(target: TARGET, event, user);
}

/// Tells what happens at the door, where nobody has proved who they are.
#[derive(Debug)]
pub(crate) struct DoorWatch(DoorNames);

impl DoorWatch {
    /// Calls accounts and clients by these names.
    pub(crate) const fn new(names: DoorNames) -> Self {
        Self(names)
    }

    /// Tells how a log-in ended. A fault of ours is none of an attacker's doing, and is told elsewhere.
    pub(crate) fn log_in(
        &self,
        request: &HttpRequest,
        email: Option<&Email>,
        outcome: &Result<SessionTokens, ThrottledError>,
    ) {
        let client = self.0.client(request);
        let account = email.map(|email| self.0.account(email));
        match outcome {
            Ok(tokens) => {
                let (event, user) = (Event::LoggedIn.name(), display(tokens.user));
                tracing::info!(target: TARGET, event, user, account, client);
            }
            Err(ThrottledError::Session(SessionError::Refused(InvalidCredentials))) => {
                tracing::warn!(target: TARGET, event = Event::LogInFailed.name(), account, client);
            }
            Err(ThrottledError::Paused(_)) => {
                tracing::warn!(target: TARGET, event = Event::LogInThrottled.name(), account, client);
            }
            Err(ThrottledError::Session(SessionError::Storage(_) | SessionError::Credential(_))) => {}
        }
    }

    /// Tells if a refresh token was shown that had been used before.
    pub(crate) fn refresh<T>(
        &self,
        request: &HttpRequest,
        outcome: &Result<T, SessionError<RefreshRefusal>>,
    ) {
        if let Err(SessionError::Refused(RefreshRefusal::Reused { user })) = outcome {
            let (event, user) = (Event::RefreshTokenReused.name(), display(user));
            tracing::warn!(target: TARGET, event, user, client = self.0.client(request));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = include_str!("../../../docs/security.md");

    #[test]
    fn every_event_has_a_row_in_the_document_and_every_row_an_event() {
        let events = [
            Event::LoggedIn,
            Event::LogInFailed,
            Event::LogInThrottled,
            Event::RefreshTokenReused,
            Event::AccessRefused,
            Event::PasswordChanged,
            Event::PasswordNotChanged,
            Event::PasswordThrottled,
            Event::FieldKeyChanged,
        ];
        let table = DOCUMENT.split("| event |").nth(1).unwrap().split("\n\n").next().unwrap();
        let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        assert_eq!(rows.collect::<Vec<_>>(), events.map(Event::name));
    }
}
