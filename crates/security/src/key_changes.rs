//! Changing the keys of a file that servers read.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use jangteo_files::{FileError, owner_only};
use jangteo_shared_kernel::Entropy;

use crate::key_draft::draft;
use crate::{KeysError, ServiceKeys};

/// A key file that nobody else changes for as long as this is held: two who add a key each would lose one. Servers read
/// it all the while.
///
/// The lock is on a file beside it, `.<name>.lock`, which stays. It ends with the process, however that ends.
pub struct KeyFileLock {
    path: PathBuf,
    _lock: File,
}

impl KeyFileLock {
    /// Locks a file that there is; [`KeysError::Busy`] if somebody else has it.
    pub fn take(path: &Path) -> Result<Self, KeysError> {
        // A link goes on to be one: what it leads to is replaced.
        let path = fs::canonicalize(path).map_err(FileError::of("read", path))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let marker = path.with_file_name(format!(".{name}.lock"));
        let lock = owner_only::open_marker(&marker).map_err(FileError::of("create", &marker))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(KeysError::Busy { path }),
            Err(TryLockError::Error(error)) => Err(FileError::of("lock", &marker)(error).into()),
        }
    }

    /// The keys of the file.
    pub fn load(&self) -> Result<ServiceKeys, KeysError> {
        ServiceKeys::load(&self.path)
    }

    /// Replaces the keys of the file, all at once: it keeps its mode and its owner, and at no moment is it incomplete or
    /// missing.
    pub fn replace(&self, keys: &ServiceKeys, entropy: &dyn Entropy) -> Result<(), KeysError> {
        Ok(draft(keys, &self.path, entropy)?.replace()?)
    }
}

impl fmt::Debug for KeyFileLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFileLock").field("path", &self.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use tempfile::TempDir;

    use super::*;
    use crate::SystemEntropy;

    fn grown(keys: &ServiceKeys) -> ServiceKeys {
        let mut keys = keys.clone();
        keys.fields.ring = keys.fields.ring.with_new_key(&SystemEntropy).unwrap();
        keys
    }

    fn key_file() -> (TempDir, PathBuf, ServiceKeys) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("keys.json");
        let keys = ServiceKeys::load_or_generate(&path, &SystemEntropy).unwrap();
        (folder, path, keys)
    }

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_replaced_file_has_the_new_keys_and_leaves_no_draft() {
        let (folder, path, keys) = key_file();
        let lock = KeyFileLock::take(&path).unwrap();
        let new = grown(&keys);
        lock.replace(&new, &SystemEntropy).unwrap();
        assert_eq!(*ServiceKeys::load(&path).unwrap().to_text().unwrap(), *new.to_text().unwrap());
        assert_eq!(names(folder.path()), [".keys.json.lock", "keys.json"]);
    }

    #[test]
    fn one_at_a_time_may_change_it() {
        let (_folder, path, _) = key_file();
        let lock = KeyFileLock::take(&path).unwrap();
        let refused = KeyFileLock::take(&path).unwrap_err();
        assert!(matches!(refused, KeysError::Busy { .. }), "{refused}");
        assert!(refused.to_string().contains("keys.json"), "{refused}");
        drop(lock);
        KeyFileLock::take(&path).unwrap();
    }

    #[test]
    fn whoever_reads_meanwhile_gets_all_of_it() {
        let (_folder, path, mut keys) = key_file();
        let lock = KeyFileLock::take(&path).unwrap();
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut seen = std::collections::BTreeSet::new();
                while !done.load(Ordering::Relaxed) {
                    seen.insert(ServiceKeys::load(&path).unwrap().fields.ring.current().0);
                }
                seen
            });
            for _ in 0..50 {
                keys = grown(&keys);
                lock.replace(&keys, &SystemEntropy).unwrap();
            }
            done.store(true, Ordering::Relaxed);
            assert!(reader.join().unwrap().iter().all(|id| (1..=51).contains(id)));
        });
        assert_eq!(lock.load().unwrap().fields.ring.ids().len(), 51);
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("keys.json");
        let error = KeyFileLock::take(&path).unwrap_err().to_string();
        assert_eq!(error, format!("cannot read {}", path.display()));
        assert!(names(folder.path()).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn mode_and_link_stay() {
        use std::os::unix::fs::PermissionsExt as _;

        let (folder, path, keys) = key_file();
        let link = folder.path().join("link.json");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        for mode in [0o600, 0o400] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let new = grown(&keys);
            KeyFileLock::take(&link).unwrap().replace(&new, &SystemEntropy).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, mode);
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(*ServiceKeys::load(&link).unwrap().to_text().unwrap(), *new.to_text().unwrap());
        }
        let marker = folder.path().join(".keys.json.lock");
        assert_eq!(fs::metadata(marker).unwrap().permissions().mode() & 0o7777, 0o600);
    }
}
