//! The file of an embedded database, and its copies (ADR-050).
//!
//! A copy is a draft until all of it has been checked: only then does it get its name, as a back-up or as the database.

mod backup;
mod check;
mod copy;
mod error;
pub(crate) mod place;
mod restore;

pub use backup::BackUp;
pub use check::Checked;
pub use error::EmbeddedError;
pub use place::EmbeddedDatabase;
pub use restore::{Restoration, Restored};
