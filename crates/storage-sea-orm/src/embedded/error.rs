//! Why there is no copy, or why it is not put in the database's place.

use std::path::{Path, PathBuf};

use jangteo_application::{AuditCheck, AuditReport};
use jangteo_files::FileError;
use jangteo_shared_kernel::StorageError;
use sea_orm::DbErr;

use super::EmbeddedDatabase;
use crate::engine::{Engine, sqlite};
use crate::options::ConnectError;

/// Why a database was not backed up, or not restored. Nothing has changed then, unless it says so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// The database is on a server.
    #[error("the database is on a server")]
    NotEmbedded,
    /// The URL cannot be read.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The operating system refused something.
    #[error(transparent)]
    File(#[from] FileError),
    /// What was to be written is there already.
    #[error("{} exists; it is left as it is", .0.display())]
    Exists(PathBuf),
    /// A copy and the database are the same file.
    #[error("{} is the database itself", .0.display())]
    IsTheDatabase(PathBuf),
    /// A file with this name beside the database would be taken for a part of it.
    #[error("{} is a name that SQLite uses beside the database", .0.display())]
    NameOfAPart(PathBuf),
    /// The name cannot be told to SQLite.
    #[error("{} is no name of a file in UTF-8", .0.display())]
    NoName(PathBuf),
    /// Not a file.
    #[error("{} is not a file", .0.display())]
    NotAFile(PathBuf),
    /// What SQLite keeps beside a database that is open, or that was not closed.
    #[error(
        "{} is there, which is a part of {file}: it is open somewhere, or was not closed. Close it, or work it in by \
         opening it once: JANGTEO__DATABASE__URL={url} jangteo audit",
        part.display(), file = file.display(), url = EmbeddedDatabase::url_of(file)
    )]
    NotClosed {
        /// The file that was to be restored.
        file: PathBuf,
        /// What is beside it.
        part: PathBuf,
    },
    /// Not a database of SQLite.
    #[error("{} is not a database of SQLite", .0.display())]
    NotADatabase(PathBuf),
    /// Not a database of a shop.
    #[error("{} is not the database of a shop: it has none of its tables", .0.display())]
    NotAShop(PathBuf),
    /// The database is damaged.
    #[error("{} is damaged: {problem}", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What SQLite says.
        problem: String,
    },
    /// The shop does not add up.
    #[error(
        "what is in {} does not add up: {} of {} rules are broken: {}",
        file.display(), broken(report).count(), report.checks.len(), names(report)
    )]
    DoesNotAddUp {
        /// The file.
        file: PathBuf,
        /// The audit.
        report: AuditReport,
    },
    /// A process has the database open.
    #[error("{} is open: stop the server, and whatever else uses it", .0.display())]
    InUse(PathBuf),
    /// There is a database already.
    #[error("{} is there already; --replace keeps it aside", .0.display())]
    Occupied(PathBuf),
    /// The storage failed.
    #[error("{} cannot be used", file.display())]
    Storage {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: StorageError,
    },
}

fn broken(report: &AuditReport) -> impl Iterator<Item = &AuditCheck> {
    report.checks.iter().filter(|check| !check.holds())
}

fn names(report: &AuditReport) -> String {
    broken(report).map(|check| check.rule.name).collect::<Vec<_>>().join(", ")
}

impl EmbeddedError {
    /// What SQLite says of a file.
    pub(super) fn of(file: &Path) -> impl Fn(DbErr) -> Self {
        const CORRUPT: i32 = 11;
        const NOT_A_DATABASE: i32 = 26;
        let file = file.to_owned();
        move |error| match sqlite::code_of(&error) {
            Some(CORRUPT) => Self::Damaged { file: file.clone(), problem: error.to_string() },
            Some(NOT_A_DATABASE) => Self::NotADatabase(file.clone()),
            Some(sqlite::BUSY) => Self::InUse(file.clone()),
            _ => Self::Storage { file: file.clone(), source: Engine::Sqlite.error(error) },
        }
    }

    /// The same of an error that was classified already.
    pub(super) fn of_storage(file: &Path) -> impl Fn(StorageError) -> Self {
        let file = file.to_owned();
        move |source| Self::Storage { file: file.clone(), source }
    }

    /// Whether it is the database that is of no use, and not the machine.
    pub(super) fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::NotADatabase(_))
    }
}
