//! A key file that a running server looks at again.

use std::fmt;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::{FieldKeys, KeyRing, KeysError, SecretKey, ServiceKeys};

/// The file that a server has its keys from. Its ring of field keys may get other keys at any time (ADR-040).
pub struct RingFile {
    path: PathBuf,
    lookup: SecretKey,
    /// What the file looked like when it was last read. Nothing at first, so that no change is missed between the start
    /// and the first look.
    seen: Mutex<Option<Stamp>>,
}

/// What tells that a file is another one, or has been written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    /// A file that replaces another is on the disk before the other is gone, so this differs.
    inode: u64,
}

impl RingFile {
    /// The file that these keys came from.
    #[must_use]
    pub fn new(path: &Path, keys: &FieldKeys) -> Self {
        Self { path: path.to_owned(), lookup: keys.lookup.clone(), seen: Mutex::new(None) }
    }

    /// The ring as it is now. Refused with another key of lookups, under which no account would be found any more. Blocks.
    pub fn read_ring(&self) -> Result<KeyRing, KeysError> {
        let stamp = self.stamp();
        // Even if it cannot be used: it is told once, and looked at again when it has changed.
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = stamp;
        let keys = ServiceKeys::load(&self.path)?.fields;
        if keys.lookup.expose() == self.lookup.expose() {
            Ok(keys.ring)
        } else {
            Err(KeysError::OtherLookup { path: self.path.clone() })
        }
    }

    /// Whether it has changed since it was last read. Blocks, and reads nothing but its entry in the folder.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) != self.stamp()
    }

    fn stamp(&self) -> Option<Stamp> {
        let metadata = fs::metadata(&self.path).ok()?;
        Some(Stamp { modified: metadata.modified().ok(), length: metadata.len(), inode: inode(&metadata) })
    }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

impl fmt::Debug for RingFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingFile").field("path", &self.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::{KeyFileLock, SystemEntropy};

    fn watched() -> (TempDir, PathBuf, ServiceKeys, RingFile) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("keys.json");
        let keys = ServiceKeys::load_or_generate(&path, &SystemEntropy).unwrap();
        let file = RingFile::new(&path, &keys.fields);
        (folder, path, keys, file)
    }

    #[test]
    fn a_change_is_noticed_until_it_is_read() {
        let (_folder, path, mut keys, file) = watched();
        assert!(file.has_changed(), "nobody knows what happened before the first look");
        assert_eq!(file.read_ring().unwrap().ids().len(), 1);
        assert!(!file.has_changed());
        for count in 2..20 {
            keys.fields.ring = keys.fields.ring.with_new_key(&SystemEntropy).unwrap();
            KeyFileLock::take(&path).unwrap().replace(&keys, &SystemEntropy).unwrap();
            assert!(file.has_changed());
            assert_eq!(file.read_ring().unwrap().ids().len(), count);
            assert!(!file.has_changed());
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused_once_and_looked_at_when_it_changes() {
        let (_folder, path, keys, file) = watched();
        file.read_ring().unwrap();
        fs::remove_file(&path).unwrap();
        assert!(file.has_changed());
        assert!(matches!(file.read_ring(), Err(KeysError::Io(_))));
        assert!(!file.has_changed());
        fs::write(&path, &*keys.to_text().unwrap()).unwrap();
        assert!(file.has_changed());
    }

    #[test]
    fn another_key_of_lookups_is_refused() {
        let (_folder, path, _, file) = watched();
        fs::remove_file(&path).unwrap();
        ServiceKeys::load_or_generate(&path, &SystemEntropy).unwrap();
        let error = file.read_ring().unwrap_err().to_string();
        assert!(error.contains("fields.lookup") && error.contains("keys.json"), "{error}");
    }
}
