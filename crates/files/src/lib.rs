//! Files that appear whole or not at all, and that nobody but their owner may use.
//!
//! A [`Draft`] is written beside its target. It gets the name of its target when all of it is on the disk, so whoever looks
//! there, also after a crash, finds nothing or everything. [`owner_only`] makes files and folders for their owner.
//!
//! ```
//! use std::io::Write as _;
//!
//! use jangteo_files::Draft;
//!
//! # let folder = tempfile::tempdir()?;
//! let target = folder.path().join("keys.json");
//! let mut draft = Draft::create(&target, *b"8 random")?;
//! draft.file().write_all(b"everything")?;
//! assert!(!target.exists());
//! assert!(draft.publish()?);
//! assert_eq!(std::fs::read(&target)?, b"everything");
//!
//! // What has the name stays.
//! let mut second = Draft::create(&target, *b"8 others")?;
//! second.file().write_all(b"something else")?;
//! assert!(!second.publish()?);
//! assert_eq!(std::fs::read(&target)?, b"everything");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![deny(missing_docs)]

mod draft;
mod error;
pub mod owner_only;

pub use draft::{Draft, folder_of};
pub use error::FileError;
