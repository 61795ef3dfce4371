//! A copy in the place of an embedded database. What is done when, and what a crash leaves, is said in ADR-050.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jangteo_files::{FileError, folder_of, owner_only};
use jangteo_shared_kernel::{Entropy, Timestamp};
use jangteo_user::FieldCipher;
use sea_orm::DatabaseTransaction;

use super::check::{Checked, check, note_moment};
use super::copy::{self, CopyFile};
use super::place::{hold_alone, is_same, parts, resolved};
use super::{EmbeddedDatabase, EmbeddedError};
use crate::engine::sqlite;
use crate::options::StorageOptions;
use crate::storage::SeaOrmStorage;

/// A copy that has been checked and is beside the place where it belongs. Nobody else opens the database meanwhile. Nothing
/// has changed, and if this is dropped nothing will have.
pub struct Restoration {
    database: PathBuf,
    now: Timestamp,
    checked: Checked,
    // Closed before its file is gone, which is before others may open the database.
    storage: SeaOrmStorage,
    copy: CopyFile,
    _held: File,
}

impl fmt::Debug for Restoration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Restoration").field("database", &self.database).finish_non_exhaustive()
    }
}

/// A database that is in its place.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Restored {
    /// Where it is.
    pub database: PathBuf,
    /// Where the former one is, if there was one.
    pub former: Option<PathBuf>,
    /// What was found out about the copy.
    pub checked: Checked,
}

impl Restoration {
    /// Checks a file, which stays as it is, and copies it to where the database is to be.
    pub async fn prepare(
        database: &EmbeddedDatabase,
        from: &Path,
        replace: bool,
        cipher: Arc<dyn FieldCipher>,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<Self, EmbeddedError> {
        let database = database.path();
        let mut source = closed_file(from, database)?;
        let folder = folder_of(database);
        owner_only::create_folder(folder).map_err(FileError::of("create the folder", folder))?;
        let held = hold_alone(database)?;
        if !replace && let Some(there) = there(database).next() {
            return Err(EmbeddedError::Occupied(there));
        }
        let mut copy = CopyFile::create(database, entropy)?;
        let copied = copy.draft().map_or(Ok(0), |draft| io::copy(&mut source, draft.file()));
        let bytes = copied.map_err(FileError::of("copy", from))?;
        let storage = copy::open(&copy, from, cipher).await?;
        match check(&storage, bytes, from, now).await {
            Ok(checked) => {
                Ok(Self { database: database.to_owned(), now, checked, storage, copy, _held: held })
            }
            Err(error) => {
                // What is open cannot be tidied away.
                storage.close().await.map_err(EmbeddedError::of_storage(from))?;
                Err(error)
            }
        }
    }

    /// The shop in the copy, to look at. Whatever is written there is restored, too.
    #[must_use]
    pub fn storage(&self) -> &SeaOrmStorage {
        &self.storage
    }

    /// Gives it up. Nothing has changed.
    pub async fn cancel(self) -> Result<(), EmbeddedError> {
        self.storage.close().await.map_err(EmbeddedError::of_storage(self.copy.path()))
    }

    /// Puts the copy in its place, and what was there aside.
    pub async fn finish(self) -> Result<Restored, EmbeddedError> {
        let Self { database, now, checked, storage, copy, _held } = self;
        // From now on it is a database that is written to, and as of no moment.
        copy::run(&storage, &note_moment(None)).await.map_err(EmbeddedError::of(copy.path()))?;
        storage.close().await.map_err(EmbeddedError::of_storage(copy.path()))?;
        let alone = settle(&database).await?;
        let former = Former::put_aside(&database, now)?;
        let placed = match (copy.take(), &former) {
            (None, _) => Ok(false),
            (Some(draft), Some(former)) if former.had_file => draft.replace().map(|()| true),
            (Some(draft), _) => draft.publish(),
        };
        let placed = match placed {
            Ok(true) => Ok(()),
            Ok(false) => Err(EmbeddedError::Occupied(database.clone())),
            Err(error) => Err(error.into()),
        };
        if let Some(alone) = alone {
            // It has the former one open, by now under another name, and nothing to write to it.
            let _ = alone.rollback().await;
        }
        placed?;
        Ok(Restored { database, former: former.map(|former| former.path), checked })
    }
}

/// Makes one file of the former database, as stopping its server would have: its write-ahead log, which a restored one must
/// never meet, is worked in. Refused if somebody has it open, and locked until the transaction ends. One that SQLite cannot read
/// stays as it is.
async fn settle(database: &Path) -> Result<Option<DatabaseTransaction>, EmbeddedError> {
    if !database.exists() {
        return Ok(None);
    }
    let options = StorageOptions::new("sqlite://former");
    match sqlite::probe(&options, database).await.map_err(EmbeddedError::of(database)) {
        Err(error) if error.is_damage() => return Ok(None),
        probed => probed?,
    }
    sqlite::connect_alone(&options, database).await.map_err(EmbeddedError::of(database)).map(Some)
}

/// What was in the place.
struct Former {
    path: PathBuf,
    had_file: bool,
}

impl Former {
    /// Gives the former database a second name: until the other one is taken by the restored, it is where it was. What is
    /// left beside it goes along first.
    fn put_aside(database: &Path, now: Timestamp) -> Result<Option<Self>, EmbeddedError> {
        if there(database).next().is_none() {
            return Ok(None);
        }
        let path = free_name(database, now);
        let had_file = database.exists();
        if had_file {
            fs::hard_link(database, &path).map_err(FileError::of("create", &path))?;
        }
        let former = Self { path, had_file };
        for (part, aside) in former.parts(database) {
            let moved = fs::rename(&part, &aside).map_err(FileError::of("move", &part));
            moved.inspect_err(|_| former.put_back(database))?;
        }
        let folder = folder_of(database);
        let synced = owner_only::sync_folder(folder).map_err(FileError::of("sync the folder", folder));
        synced.inspect_err(|_| former.put_back(database))?;
        Ok(Some(former))
    }

    /// Everything is where it was, as long as nothing has taken the place. What cannot be is kept aside.
    fn put_back(&self, database: &Path) {
        for (part, aside) in parts(database).into_iter().zip(parts(&self.path)) {
            let _ = fs::rename(aside, part);
        }
        if self.had_file {
            let _ = fs::remove_file(&self.path);
        }
    }

    /// What is left beside the database, each with its name aside.
    fn parts(&self, database: &Path) -> impl Iterator<Item = (PathBuf, PathBuf)> {
        parts(database).into_iter().zip(parts(&self.path)).filter(|(part, _)| part.symlink_metadata().is_ok())
    }
}

/// What is in the place of a database.
fn there(database: &Path) -> impl Iterator<Item = PathBuf> {
    let all = std::iter::once(database.to_owned()).chain(parts(database));
    all.filter(|path| path.symlink_metadata().is_ok())
}

/// A name beside the database that nobody has.
fn free_name(database: &Path, now: Timestamp) -> PathBuf {
    let name = database.file_name().unwrap_or_default().to_string_lossy();
    let name = format!("{name}.before-{}", now.format("%Y%m%dT%H%M%S%3fZ"));
    let names = (1_u32..).map(|n| if n == 1 { name.clone() } else { format!("{name}.{n}") });
    let mut free =
        names.map(|name| database.with_file_name(name)).filter(|path| there(path).next().is_none());
    free.next().unwrap_or_else(|| database.with_file_name(name.clone()))
}

/// Opens a file that is a whole database by itself.
fn closed_file(from: &Path, database: &Path) -> Result<File, EmbeddedError> {
    let file = File::open(from).map_err(FileError::of("read", from))?;
    if !file.metadata().map_err(FileError::of("read", from))?.is_file() {
        return Err(EmbeddedError::NotAFile(from.to_owned()));
    }
    let path = resolved(from);
    if is_same(&path, database) {
        return Err(EmbeddedError::IsTheDatabase(from.to_owned()));
    }
    match parts(&path).into_iter().find(|part| part.symlink_metadata().is_ok()) {
        Some(part) => Err(EmbeddedError::NotClosed { file: from.to_owned(), part }),
        None => Ok(file),
    }
}
