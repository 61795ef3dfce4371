//! Files that appear whole or not at all.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::{FileError, owner_only};

/// A file that is being written beside the one that it is meant for, for its owner only. Gone when dropped.
#[derive(Debug)]
pub struct Draft {
    /// Where it is.
    path: PathBuf,
    file: File,
    /// Where it belongs.
    target: PathBuf,
}

impl Draft {
    /// An empty one. Its name is the target's, hidden, with this in it.
    pub fn create(target: &Path, random: [u8; 8]) -> Result<Self, FileError> {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let path = target.with_file_name(format!(".{name}.{:016x}.draft", u64::from_be_bytes(random)));
        let file = owner_only::create_file(&path).map_err(FileError::of("create", &path))?;
        Ok(Self { path, file, target: target.to_owned() })
    }

    /// Where it is until it has the name of its target.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// To write to.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Gives it the name of its target, unless somebody has it by now; says whether it has it. A link, unlike a renaming,
    /// does not replace what has the name already.
    pub fn publish(self) -> Result<bool, FileError> {
        self.flush()?;
        match fs::hard_link(&self.path, &self.target) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            linked => {
                linked.map_err(FileError::of("create", &self.target))?;
                self.settle().map(|()| true)
            }
        }
    }

    /// Puts it in the place of its target, with the mode and the owner of that. Whoever reads meanwhile gets the one or the
    /// other.
    pub fn replace(self) -> Result<(), FileError> {
        let old = fs::metadata(&self.target).map_err(FileError::of("read", &self.target))?;
        owner_only::make_like(&self.file, &old).map_err(FileError::of("hand over", &self.path))?;
        self.flush()?;
        fs::rename(&self.path, &self.target).map_err(FileError::of("replace", &self.target))?;
        self.settle()
    }

    fn flush(&self) -> Result<(), FileError> {
        self.file.sync_all().map_err(FileError::of("write", &self.path))
    }

    /// Makes the name outlive a loss of power.
    fn settle(&self) -> Result<(), FileError> {
        let folder = folder_of(&self.target);
        owner_only::sync_folder(folder).map_err(FileError::of("sync the folder", folder))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After a renaming there is nothing left.
        let _ = fs::remove_file(&self.path);
    }
}

/// The folder of a file.
#[must_use]
pub fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
