//! A copy that is not what it is meant to be yet.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use jangteo_files::Draft;
use jangteo_shared_kernel::Entropy;
use jangteo_user::FieldCipher;
use sea_orm::{ConnectionTrait, DbErr};

use super::EmbeddedError;
use super::place::parts;
use crate::engine::{Engine, sqlite};
use crate::options::StorageOptions;
use crate::storage::SeaOrmStorage;

/// A file beside its target, for its owner only. Gone when dropped, with what SQLite has left beside it.
pub(super) struct CopyFile(Option<Draft>);

impl CopyFile {
    pub(super) fn create(target: &Path, entropy: &dyn Entropy) -> Result<Self, EmbeddedError> {
        let mut random = [0; 8];
        entropy.fill(&mut random);
        Ok(Self(Some(Draft::create(target, random)?)))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.0.as_ref().map_or(Path::new(""), Draft::path)
    }

    /// To write to. It is there until it is taken.
    pub(super) fn draft(&mut self) -> Option<&mut Draft> {
        self.0.as_mut()
    }

    /// What is to get its name now.
    pub(super) fn take(mut self) -> Option<Draft> {
        self.0.take()
    }
}

impl Drop for CopyFile {
    fn drop(&mut self) {
        if let Some(draft) = &self.0 {
            for part in parts(draft.path()) {
                let _ = fs::remove_file(part);
            }
        }
    }
}

/// Opens a copy. Errors name the file that it is to be, or that it was.
pub(super) async fn open(
    copy: &CopyFile,
    named: &Path,
    cipher: Arc<dyn FieldCipher>,
) -> Result<SeaOrmStorage, EmbeddedError> {
    // The name is told to the driver as it is.
    let options = StorageOptions::new("sqlite://copy");
    let pools = sqlite::connect_copy(&options, copy.path()).await.map_err(EmbeddedError::of(named))?;
    Ok(SeaOrmStorage::over(pools, Engine::Sqlite, &options, cipher).await?)
}

/// Runs a statement on the file of a storage.
pub(super) async fn run(storage: &SeaOrmStorage, text: &str) -> Result<(), DbErr> {
    storage.writer.connection.execute_unprepared(text).await.map(|_| ())
}
