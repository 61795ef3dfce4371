//! Errors of the driver, classified once (architecture, rule 6 of transactions).

use std::error::Error as _;
use std::fmt::Display;

use jangteo_shared_kernel::StorageError;
use sea_orm::{DbErr, RuntimeErr, sqlx};

use crate::engine::Engine;
use crate::names::Named;
#[cfg(feature = "server")]
use crate::options::ConnectError;

/// What an error means to a use case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// A lost race: the whole transaction may run again.
    Transient,
    /// Nobody knows for how long.
    Unavailable,
    /// A bug, or a row that is wrong.
    Fatal,
}

impl Engine {
    /// An error of the driver as the ports know it.
    pub(crate) fn error(self, error: DbErr) -> StorageError {
        match self.class(&error) {
            Class::Transient => StorageError::Transient(error.into()),
            Class::Unavailable => StorageError::Unavailable(error.into()),
            Class::Fatal => StorageError::Fatal(error.into()),
        }
    }

    /// An error of connecting for the first time, with what to write if it is about TLS.
    #[cfg(feature = "server")]
    pub(crate) fn connect_error(self, error: DbErr, advice: &dyn Display) -> ConnectError {
        match not_encrypted(&error) {
            Some(reason) => ConnectError::NotEncrypted(format!("{reason}; {advice}")),
            None => ConnectError::Storage(self.error(error)),
        }
    }

    fn class(self, error: &DbErr) -> Class {
        match error {
            // No connection became free in time, or the pool is closed.
            DbErr::ConnectionAcquire(_) | DbErr::Conn(RuntimeErr::Internal(_)) => Class::Unavailable,
            DbErr::Conn(RuntimeErr::SqlxError(error))
            | DbErr::Exec(RuntimeErr::SqlxError(error))
            | DbErr::Query(RuntimeErr::SqlxError(error)) => self.class_of_driver(error),
            _ => Class::Fatal,
        }
    }

    fn class_of_driver(self, error: &sqlx::Error) -> Class {
        match error {
            sqlx::Error::Database(error) => self.dialect().class_of(&**error),
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => Class::Unavailable,
            _ => Class::Fatal,
        }
    }
}

/// Why there is no encrypted connection, in words for an operator, if that is what an error of this storage is about.
#[must_use]
pub fn no_encrypted_connection(error: &StorageError) -> Option<String> {
    error.source().and_then(|cause| cause.downcast_ref()).and_then(not_encrypted)
}

#[cfg(feature = "server")]
fn not_encrypted(error: &DbErr) -> Option<String> {
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    let reason = jangteo_tls::failure(&**error);
    reason.or_else(|| if let sqlx::Error::Tls(reason) = &**error { Some(reason.to_string()) } else { None })
}

/// There are no connections.
#[cfg(not(feature = "server"))]
fn not_encrypted(_: &DbErr) -> Option<String> {
    None
}

/// A save did not meet the rows that it should have: they were not locked before, or somebody deleted them.
pub(crate) fn not_all_saved(table: &str, expected: usize, found: u64) -> StorageError {
    StorageError::Fatal(format!("{table}: {expected} rows were to be saved, {found} were there").into())
}

/// Which row is being read, for the error that names it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a, I> {
    pub(crate) table: &'static str,
    pub(crate) id: &'a I,
}

impl<I: Display> Place<'_, I> {
    /// The row cannot be read. The problem MUST NOT quote personal data.
    pub(crate) fn unreadable(&self, column: &str, problem: impl Display) -> StorageError {
        StorageError::Fatal(
            format!("{}.{column} of {} cannot be read: {problem}", self.table, self.id).into(),
        )
    }

    /// A value as the column has it.
    pub(crate) fn written<T, E: Display>(
        &self,
        column: &str,
        value: Result<T, E>,
    ) -> Result<T, StorageError> {
        value.map_err(|problem| {
            let (table, id) = (self.table, self.id);
            StorageError::Fatal(format!("{table}.{column} of {id} cannot be written: {problem}").into())
        })
    }

    /// A value as the domain has it.
    pub(crate) fn read<T, E: Display>(&self, column: &str, value: Result<T, E>) -> Result<T, StorageError> {
        value.map_err(|problem| self.unreadable(column, problem))
    }

    /// A value of an enum by its name.
    pub(crate) fn named<T: Named>(&self, column: &str, name: &str) -> Result<T, StorageError> {
        T::named(name).ok_or_else(|| self.unreadable(column, format_args!("{name:?} is no known name")))
    }

    /// A value that has to be there.
    pub(crate) fn present<T>(&self, column: &str, value: Option<T>) -> Result<T, StorageError> {
        value.ok_or_else(|| self.unreadable(column, "it is missing"))
    }
}
