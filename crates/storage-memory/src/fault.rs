//! What this storage fails with.

use jangteo_shared_kernel::StorageError;

/// A unique key belongs to somebody else by now.
pub(crate) fn lost_race(key: &str) -> StorageError {
    StorageError::Transient(format!("{key} is taken").into())
}

/// What a database would refuse by a CHECK, or what breaks the contract of a repository.
pub(crate) fn broken(what: &'static str) -> StorageError {
    StorageError::Fatal(what.into())
}

/// A row was not let go of in time.
pub(crate) fn lock_timeout() -> StorageError {
    StorageError::Unavailable("a row stayed locked by another transaction".into())
}

/// `Fatal` unless the condition holds.
pub(crate) fn check(holds: bool, what: &'static str) -> Result<(), StorageError> {
    if holds { Ok(()) } else { Err(broken(what)) }
}
