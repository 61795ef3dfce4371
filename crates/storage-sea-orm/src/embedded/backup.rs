//! A copy of an embedded database, made while it is written to.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jangteo_files::{FileError, folder_of};
use jangteo_shared_kernel::{Clock, Entropy, Timestamp};
use sea_orm::ConnectionTrait;

use super::check::{Checked, check, note_moment};
use super::copy::{self, CopyFile};
use super::place::parts;
use super::{EmbeddedDatabase, EmbeddedError};
use crate::storage::SeaOrmStorage;

/// A copy that is on the disk.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BackUp {
    /// Where it is.
    pub file: PathBuf,
    /// How large it is.
    pub bytes: u64,
    /// As of when it is. Everything that was acknowledged until then is in it.
    pub as_of: Timestamp,
    /// What was found out about it.
    pub checked: Checked,
}

impl SeaOrmStorage {
    /// Makes a checked copy of an embedded database, as of one moment and for its owner only, in a file that must not exist.
    /// Whoever writes meanwhile, in whatever process, does not wait for it.
    pub async fn back_up(
        &self,
        to: &Path,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<BackUp, EmbeddedError> {
        let database = EmbeddedDatabase::of(&self.options.url)?;
        let target = new_file(to, &database)?;
        let mut copy = CopyFile::create(&target, entropy)?;
        let as_of = clock.now();
        self.copy_into(copy.path(), to, database.path()).await?;
        // The file that SQLite has written is the one that was made: an empty file is as good to it as none.
        let bytes = copy.draft().map_or(Ok(0), |draft| draft.file().metadata().map(|file| file.len()));
        let bytes = bytes.map_err(FileError::of("read", to))?;
        let storage = copy::open(&copy, to, Arc::clone(&self.cipher)).await?;
        let checked = noted_and_checked(&storage, bytes, to, as_of).await;
        // Also if it is of no use: what is open cannot be tidied away.
        storage.close().await.map_err(EmbeddedError::of_storage(to))?;
        let checked = checked?;
        let made = copy.take().map_or(Ok(false), jangteo_files::Draft::publish)?;
        if made {
            Ok(BackUp { file: target, bytes, as_of, checked })
        } else {
            Err(EmbeddedError::Exists(target))
        }
    }

    /// One snapshot, read as it was when this began: with a write-ahead log nobody waits for a reader.
    async fn copy_into(&self, file: &Path, to: &Path, database: &Path) -> Result<(), EmbeddedError> {
        let name = file.to_str().ok_or_else(|| EmbeddedError::NoName(to.to_owned()))?;
        let statement = self.writer.engine.statement("VACUUM INTO ?1", vec![name.into()]);
        let done = self.writer.connection.execute_raw(statement).await;
        match done.map_err(EmbeddedError::of(database)) {
            // It is the copy that cannot be written.
            Err(EmbeddedError::Storage { source, .. }) => Err(EmbeddedError::of_storage(to)(source)),
            done => done.map(|_| ()),
        }
    }
}

async fn noted_and_checked(
    storage: &SeaOrmStorage,
    bytes: u64,
    to: &Path,
    as_of: Timestamp,
) -> Result<Checked, EmbeddedError> {
    copy::run(storage, &note_moment(Some(as_of))).await.map_err(EmbeddedError::of(to))?;
    check(storage, bytes, to, as_of).await
}

/// The name of a file that is not there, in a folder that is.
fn new_file(to: &Path, database: &EmbeddedDatabase) -> Result<PathBuf, EmbeddedError> {
    let folder = folder_of(to);
    let folder = fs::canonicalize(folder).map_err(FileError::of("find the folder", folder))?;
    let name = to.file_name().ok_or_else(|| EmbeddedError::NoName(to.to_owned()))?;
    let target = folder.join(name);
    if target == database.path() {
        return Err(EmbeddedError::IsTheDatabase(to.to_owned()));
    }
    if parts(database.path()).contains(&target) {
        return Err(EmbeddedError::NameOfAPart(to.to_owned()));
    }
    // A link that leads nowhere has the name as well.
    if target.symlink_metadata().is_ok() {
        return Err(EmbeddedError::Exists(to.to_owned()));
    }
    Ok(target)
}
