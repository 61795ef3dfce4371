//! What is reserved for some callers.

use super::access::Administrator;

/// Something that handlers get at only with the proof that an administrator calls.
#[derive(Debug)]
pub(crate) struct ForAdministrators<T>(T);

impl<T> ForAdministrators<T> {
    /// Reserves it.
    pub(crate) const fn new(reserved: T) -> Self {
        Self(reserved)
    }

    /// It, for this administrator.
    pub(crate) const fn by(&self, _: &Administrator) -> &T {
        &self.0
    }
}
