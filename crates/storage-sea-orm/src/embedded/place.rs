//! Where an embedded database is, what SQLite keeps beside it, and how it is kept in its place.
//!
//! Whoever opens a database has a shared lock on its folder until it is closed, and a restore has the only one: a file must
//! not be moved while somebody may still write to it. It is the operating system's lock, so it ends with its process. SQLite's
//! own locks do not do alone: between opening a file and locking it, a process that starts has no lock yet.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use jangteo_files::{FileError, folder_of};
use sea_orm::sqlx::sqlite::SqliteConnectOptions;

use super::EmbeddedError;
use crate::engine::Engine;
use crate::options::ConnectError;

/// What SQLite appends to the name of a database for the files beside it.
const PARTS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// An embedded database, by its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddedDatabase {
    path: PathBuf,
}

impl EmbeddedDatabase {
    /// The database of a URL. It need not be there.
    pub fn of(url: &str) -> Result<Self, EmbeddedError> {
        match Engine::of(url)? {
            Engine::Sqlite => Ok(Self { path: file_of(url)? }),
            #[cfg(feature = "server")]
            _ => Err(EmbeddedError::NotEmbedded),
        }
    }

    /// The URL of a file, by which [`EmbeddedDatabase::of`] finds it. What a name may have that means something else in a URL is
    /// written by its number.
    #[must_use]
    pub fn url_of(file: &Path) -> String {
        let written = |character: char| {
            let means_itself = !character.is_ascii() || character.is_ascii_alphanumeric();
            if means_itself || "-._~/".contains(character) {
                character.to_string()
            } else {
                format!("%{:02X}", u32::from(character))
            }
        };
        "sqlite://".to_owned() + &file.display().to_string().chars().map(written).collect::<String>()
    }

    /// Its file; where a link leads to, if it is one.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The file of a URL. SQLite follows links, and keeps its files beside what they lead to.
fn file_of(url: &str) -> Result<PathBuf, ConnectError> {
    let options = SqliteConnectOptions::from_str(url);
    let options = options.map_err(|error| ConnectError::InvalidUrl(error.to_string()))?;
    Ok(resolved(options.get_filename()))
}

/// A name by which a file can be compared with others: links are followed as far as they lead to something.
pub(super) fn resolved(file: &Path) -> PathBuf {
    fs::canonicalize(file).unwrap_or_else(|_| match (fs::canonicalize(folder_of(file)), file.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => file.to_owned(),
    })
}

/// Whether two names, followed to their ends, lead to one file.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let numbers = |path| fs::metadata(path).map(|file| (file.dev(), file.ino()));
        if let (Ok(one), Ok(other)) = (numbers(one), numbers(other)) {
            return one == other;
        }
    }
    one == other
}

/// The files that SQLite may keep beside a database.
pub(super) fn parts(file: &Path) -> [PathBuf; 3] {
    PARTS.map(|part| part_of(file, part))
}

fn part_of(file: &Path, part: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(part);
    name.into()
}

/// Keeps a database in its place. Without a folder, or where the operating system has no such locks, there is nothing to hold.
pub(crate) fn hold_with_others(url: &str) -> Result<Option<File>, ConnectError> {
    let Ok(folder) = File::open(folder_of(&file_of(url)?)) else { return Ok(None) };
    match folder.try_lock_shared() {
        Ok(()) => Ok(Some(folder)),
        Err(TryLockError::WouldBlock) => Err(ConnectError::BeingRestored),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// Waits for nobody: as long as this is held, no process of a shop opens the database.
pub(super) fn hold_alone(file: &Path) -> Result<File, EmbeddedError> {
    let path = folder_of(file);
    let folder = File::open(path).map_err(FileError::of("open", path))?;
    match folder.try_lock() {
        Ok(()) => Ok(folder),
        Err(TryLockError::WouldBlock) => Err(EmbeddedError::InUse(file.to_owned())),
        Err(TryLockError::Error(error)) => Err(FileError::of("lock", path)(error).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_by_its_url_whatever_its_name() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["shop.sqlite", "a b%20?c=#1.sqlite", "가게's [1]&2+3:4@5.sqlite"] {
            let file = folder.path().join(name);
            let found = EmbeddedDatabase::of(&EmbeddedDatabase::url_of(&file)).unwrap();
            assert_eq!(found.path(), resolved(&file));
        }
        assert_eq!(
            EmbeddedDatabase::url_of(Path::new("data/jangteo.sqlite")),
            "sqlite://data/jangteo.sqlite"
        );
    }
}
