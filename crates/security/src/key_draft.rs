//! Key files that appear whole or not at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use jangteo_shared_kernel::Entropy;

use crate::{KeysError, ServiceKeys, key_file, owner_only};

/// Keys on the disk beside the file that they are meant for, for their owner only. Gone when dropped.
pub(crate) struct Draft {
    /// Where they are.
    path: PathBuf,
    file: File,
    /// Where they belong.
    target: PathBuf,
}

impl Draft {
    pub(crate) fn write(keys: &ServiceKeys, target: &Path, entropy: &dyn Entropy) -> Result<Self, KeysError> {
        let text = key_file::write(keys).map_err(io::Error::from).map_err(cannot("write", target))?;
        let mut random = [0; 8];
        entropy.fill(&mut random);
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let path = target.with_file_name(format!(".{name}.{:016x}.draft", u64::from_be_bytes(random)));
        let file = owner_only::create_file(&path).map_err(cannot("create", &path))?;
        let mut draft = Self { path, file, target: target.to_owned() };
        let written = draft.file.write_all(&text).and_then(|()| draft.file.sync_all());
        written.map_err(cannot("write", &draft.path))?;
        Ok(draft)
    }

    /// Makes it the file, unless there is one by now; says whether it is. A link, unlike a renaming, does not replace what
    /// has the name already.
    pub(crate) fn publish(self) -> Result<bool, KeysError> {
        match fs::hard_link(&self.path, &self.target) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            linked => {
                linked.map_err(cannot("create", &self.target))?;
                self.settle().map(|()| true)
            }
        }
    }

    /// Puts it in the place of the file, with its mode and owner. Whoever reads meanwhile gets the one or the other.
    pub(crate) fn replace(self) -> Result<(), KeysError> {
        let old = fs::metadata(&self.target).map_err(cannot("read", &self.target))?;
        owner_only::make_like(&self.file, &old).map_err(cannot("hand over", &self.path))?;
        fs::rename(&self.path, &self.target).map_err(cannot("replace", &self.target))?;
        self.settle()
    }

    /// Makes the name outlive a loss of power.
    fn settle(&self) -> Result<(), KeysError> {
        let folder = folder_of(&self.target);
        owner_only::sync_folder(folder).map_err(cannot("sync the folder", folder))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After a renaming there is nothing left.
        let _ = fs::remove_file(&self.path);
    }
}

/// The folder of a file.
pub(crate) fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The operating system's error, with what was tried.
pub(crate) fn cannot(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeysError {
    let path = path.to_owned();
    move |source| KeysError::Io { doing, path, source }
}
