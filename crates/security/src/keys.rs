//! All keys of a server, in one file.

use std::fs;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use jangteo_files::{FileError, folder_of, owner_only};
use jangteo_shared_kernel::Entropy;
use zeroize::Zeroizing;

use crate::key_draft::draft;
use crate::{FieldKeys, KeyRing, SecretKey, key_file};

/// The keys of a server. Instances that share a database share them.
///
/// Their text, in a file or in a store of secrets, is
///
/// ```json
/// {
///   "version": 1,
///   "token":  { "current": 1, "keys": [{ "id": 1, "key": "…" }] },
///   "fields": { "current": 1, "keys": [{ "id": 1, "key": "…" }], "lookup": "…" },
///   "cursor": "…"
/// }
/// ```
///
/// where each `…` is the base64 of 32 random bytes, as `openssl rand -base64 32` prints it. To replace a key by hand, add
/// one with a new id on every instance, make it `current` on every instance, and take the old one away when nothing is
/// signed or sealed with it any more.
#[derive(Debug, Clone)]
pub struct ServiceKeys {
    /// Sign and verify access tokens.
    pub token: KeyRing,
    /// Seal and open personal data. Whoever loses them loses the data.
    pub fields: FieldKeys,
    /// Signs cursors.
    pub cursor: SecretKey,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The operating system refused something.
    #[error(transparent)]
    Io(#[from] FileError),
    /// A file that was to be made is there already. It may hold the only keys to somebody's data.
    #[error("{} exists; it is left as it is", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Somebody else is changing the file.
    #[error("another command is changing {}", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The key of lookups is another than before.
    #[error("fields.lookup of {} is another key than before, under which no account would be found", path.display())]
    OtherLookup {
        /// The file.
        path: PathBuf,
    },
    /// Not only the owner may read or write the file.
    #[error("{file} may be used by others than its owner (mode {mode:04o}); run: chmod 600 {file}", file = path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The file does not say what it should. The problem names the field; it repeats nothing secret.
    #[error("{} is not a key file: {problem}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        problem: String,
    },
}

impl ServiceKeys {
    /// New keys that are kept nowhere.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self {
            token: KeyRing::generate(entropy),
            fields: FieldKeys::generate(entropy),
            cursor: SecretKey::generate(entropy),
        }
    }

    /// The keys of a file. Without that file it is written with new keys first, for its owner only, and so is its folder.
    ///
    /// Of processes that start at once, one writes and all get its keys. A file that exists is never changed. Blocks:
    /// to be called while starting.
    pub fn load_or_generate(path: &Path, entropy: &dyn Entropy) -> Result<Self, KeysError> {
        match Self::load(path) {
            Err(KeysError::Io(FileError { source, .. })) if source.kind() == ErrorKind::NotFound => {
                Self::generate(entropy).publish(path, entropy)?;
                Self::load(path)
            }
            found => found,
        }
    }

    /// Writes a file with new keys, for its owner only. [`KeysError::Exists`] if there is one. Blocks.
    pub fn generate_file(path: &Path, entropy: &dyn Entropy) -> Result<(), KeysError> {
        let made = Self::generate(entropy).publish(path, entropy)?;
        if made { Ok(()) } else { Err(KeysError::Exists { path: path.to_owned() }) }
    }

    /// The keys of a file, which has to exist: for servers that are given their keys. Blocks.
    pub fn load(path: &Path) -> Result<Self, KeysError> {
        let mut file = fs::File::open(path).map_err(FileError::of("read", path))?;
        // Of the file that is open, not of whatever has the name a moment later.
        let metadata = file.metadata().map_err(FileError::of("read", path))?;
        if let Some(mode) = owner_only::mode_open_to_others(&metadata) {
            return Err(KeysError::OpenToOthers { path: path.to_owned(), mode });
        }
        // With room for all of it at once, so that no outgrown buffer stays behind in memory.
        let room = usize::try_from(metadata.len()).unwrap_or(0).saturating_add(64);
        let mut text = Zeroizing::new(Vec::with_capacity(room));
        file.read_to_end(&mut text).map_err(FileError::of("read", path))?;
        key_file::read(&text).map_err(|problem| KeysError::Malformed { path: path.to_owned(), problem })
    }

    /// The keys of a text, or what is wrong with it and where. It never repeats a value.
    pub fn from_text(text: &str) -> Result<Self, String> {
        key_file::read(text.as_bytes())
    }

    /// The text with these keys, which shows them.
    pub fn to_text(&self) -> Result<Zeroizing<String>, KeysError> {
        let text = key_file::write(self).map_err(io::Error::from);
        let text = text.and_then(|text| String::from_utf8(text.to_vec()).map_err(io::Error::other));
        Ok(text.map(Zeroizing::new).map_err(FileError::of("write", Path::new("the keys")))?)
    }

    /// Makes these keys those of the file, unless it is there by now; says whether they are.
    fn publish(&self, path: &Path, entropy: &dyn Entropy) -> Result<bool, KeysError> {
        let folder = folder_of(path);
        owner_only::create_folder(folder).map_err(FileError::of("create the folder", folder))?;
        Ok(draft(self, path, entropy)?.publish()?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use tempfile::TempDir;

    use super::*;
    use crate::SystemEntropy;

    fn bytes(keys: &ServiceKeys) -> Vec<u8> {
        key_file::write(keys).unwrap().to_vec()
    }

    const FILE: &str = "keys.json";

    fn load_or_generate(folder: &Path) -> Result<ServiceKeys, KeysError> {
        ServiceKeys::load_or_generate(&folder.join(FILE), &SystemEntropy)
    }

    fn names(folder: &Path) -> Vec<String> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn the_second_start_finds_the_keys_of_the_first() {
        let folder = TempDir::new().unwrap();
        let keys = folder.path().join("data/keys");
        let first = load_or_generate(&keys).unwrap();
        assert_eq!(names(&keys), [FILE]);
        assert_eq!(bytes(&load_or_generate(&keys).unwrap()), bytes(&first));
        assert_eq!(bytes(&ServiceKeys::load(&keys.join(FILE)).unwrap()), bytes(&first));
        assert_ne!(bytes(&load_or_generate(folder.path()).unwrap()), bytes(&first));
    }

    #[test]
    fn every_key_is_another() {
        let keys = ServiceKeys::generate(&SystemEntropy);
        let all = [keys.token.current().1, keys.fields.ring.current().1, &keys.fields.lookup, &keys.cursor];
        let mut all = all.map(|key| *key.expose()).to_vec();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 4);
    }

    #[test]
    fn whoever_starts_at_once_gets_the_same_keys() {
        for _ in 0..20 {
            let folder = TempDir::new().unwrap();
            let (keys, together) = (folder.path().join("keys"), Barrier::new(4));
            let start = || {
                together.wait();
                bytes(&load_or_generate(&keys).unwrap())
            };
            let found = thread::scope(|scope| {
                let starting: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
                starting.into_iter().map(|start| start.join().unwrap()).collect::<Vec<_>>()
            });
            assert!(found.iter().all(|keys| *keys == found[0]));
            assert_eq!(names(&keys), [FILE]);
        }
    }

    #[test]
    fn keys_that_are_there_are_not_replaced() {
        let folder = TempDir::new().unwrap();
        let first = load_or_generate(folder.path()).unwrap();
        let file = folder.path().join(FILE);
        assert!(!ServiceKeys::generate(&SystemEntropy).publish(&file, &SystemEntropy).unwrap());
        let refused = ServiceKeys::generate_file(&file, &SystemEntropy).unwrap_err();
        assert!(matches!(refused, KeysError::Exists { .. }), "{refused}");
        assert_eq!(bytes(&load_or_generate(folder.path()).unwrap()), bytes(&first));
        assert_eq!(names(folder.path()), [FILE]);
    }

    #[test]
    fn without_a_file_load_says_which_one() {
        let folder = TempDir::new().unwrap();
        let error = ServiceKeys::load(&folder.path().join(FILE)).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot read {}", folder.path().join(FILE).display()));
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn a_damaged_file_is_refused_by_name_and_left_alone() {
        let folder = TempDir::new().unwrap();
        load_or_generate(folder.path()).unwrap();
        let file = folder.path().join(FILE);
        let text = fs::read_to_string(&file).unwrap();
        let damaged = &text[..text.len() / 2];
        fs::write(&file, damaged).unwrap();

        let error = load_or_generate(folder.path()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{} is not a key file: ", file.display())), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), damaged);
    }

    #[test]
    fn a_file_in_place_of_the_folder_is_named() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("keys");
        fs::write(&file, "").unwrap();
        let error = load_or_generate(&file).unwrap_err().to_string();
        assert!(error.contains(&file.display().to_string()), "{error}");
    }

    #[test]
    fn a_text_gives_the_keys_that_it_was_written_with() {
        let keys = ServiceKeys::generate(&SystemEntropy);
        let text = keys.to_text().unwrap();
        assert_eq!(bytes(&ServiceKeys::from_text(&text).unwrap()), bytes(&keys));
        assert!(ServiceKeys::from_text(&text.replace("lookup", "look")).unwrap_err().starts_with("fields"));
    }

    #[test]
    fn debug_output_shows_no_key() {
        let shown = format!("{:?}", ServiceKeys::generate(&SystemEntropy));
        assert_eq!(shown.matches("SecretKey(…)").count(), 4);
        assert_eq!(shown.matches(|c: char| c.is_ascii_digit()).count(), 2, "two ids: {shown}");
    }

    #[cfg(unix)]
    #[test]
    fn file_and_folder_are_for_their_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = TempDir::new().unwrap();
        let keys = folder.path().join("keys");
        load_or_generate(&keys).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode(&keys), mode(&keys.join(FILE))), (0o700, 0o600));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_use_is_refused_with_the_remedy() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = TempDir::new().unwrap();
        let file = folder.path().join(FILE);
        let first = load_or_generate(folder.path()).unwrap();
        for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666, 0o777, 0o440] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let error = load_or_generate(folder.path()).unwrap_err().to_string();
            let file = file.display();
            assert_eq!(
                error,
                format!(
                    "{file} may be used by others than its owner (mode {mode:04o}); run: chmod 600 {file}"
                )
            );
        }
        for mode in [0o600, 0o400, 0o700] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(bytes(&load_or_generate(folder.path()).unwrap()), bytes(&first), "{mode:o}");
        }
    }
}
