//! All keys of a server, in one file.

use std::fs;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use jangteo_shared_kernel::Entropy;
use zeroize::Zeroizing;

use crate::{FieldKeys, KeyRing, SecretKey, key_file, owner_only};

const FILE: &str = "keys.json";

/// The keys of a server. Instances that share a database share them.
///
/// Their file, `keys.json`, is
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
/// where each `…` is the base64 of 32 random bytes, as `openssl rand -base64 32` prints it. To replace a key, add one
/// with a new id on every instance, make it `current` on every instance, and take the old one away when nothing is
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
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
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

    /// The keys in `keys.json` of a folder. Without that file it is written with new keys first, for its owner only;
    /// so is the folder.
    ///
    /// Of processes that start at once, one writes and all get its keys. A file that exists is never changed. Blocks:
    /// to be called while starting.
    pub fn load_or_generate(folder: &Path, entropy: &dyn Entropy) -> Result<Self, KeysError> {
        match Self::load(folder) {
            Err(KeysError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                Self::generate(entropy).publish(folder, entropy)?;
                Self::load(folder)
            }
            found => found,
        }
    }

    /// The keys in `keys.json` of a folder, which has to exist: for servers that are given their keys. Blocks.
    pub fn load(folder: &Path) -> Result<Self, KeysError> {
        let path = folder.join(FILE);
        let cannot_read = |source| KeysError::Io { doing: "read", path: path.clone(), source };
        let mut file = fs::File::open(&path).map_err(cannot_read)?;
        // Of the file that is open, not of whatever has the name a moment later.
        let metadata = file.metadata().map_err(cannot_read)?;
        if let Some(mode) = owner_only::mode_open_to_others(&metadata) {
            return Err(KeysError::OpenToOthers { path, mode });
        }
        // With room for all of it at once, so that no outgrown buffer stays behind in memory.
        let room = usize::try_from(metadata.len()).unwrap_or(0).saturating_add(64);
        let mut text = Zeroizing::new(Vec::with_capacity(room));
        file.read_to_end(&mut text).map_err(cannot_read)?;
        key_file::read(&text).map_err(|problem| KeysError::Malformed { path, problem })
    }

    /// Makes these keys those of the folder, unless it has some by now.
    ///
    /// The file gets its name only when it is complete and on the disk. A link, unlike a renaming, does not replace
    /// what has the name already: the first wins.
    fn publish(&self, folder: &Path, entropy: &dyn Entropy) -> Result<(), KeysError> {
        let path = folder.join(FILE);
        let cannot = |doing, path: &Path| {
            let path = path.to_owned();
            move |source| KeysError::Io { doing, path, source }
        };
        let text = key_file::write(self).map_err(io::Error::from).map_err(cannot("write", &path))?;
        owner_only::create_folder(folder).map_err(cannot("create the folder", folder))?;

        let mut random = [0; 8];
        entropy.fill(&mut random);
        let draft = folder.join(format!(".{FILE}.{:016x}.draft", u64::from_be_bytes(random)));
        let mut file = owner_only::create_file(&draft).map_err(cannot("create", &draft))?;
        let linked =
            file.write_all(&text).and_then(|()| file.sync_all()).map_err(cannot("write", &draft)).and_then(
                |()| match fs::hard_link(&draft, &path) {
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
                    linked => linked.map_err(cannot("create", &path)),
                },
            );
        let removed = fs::remove_file(&draft).map_err(cannot("remove", &draft));
        linked.and(removed)?;
        owner_only::sync_folder(folder).map_err(cannot("sync the folder", folder))
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

    fn load_or_generate(folder: &Path) -> Result<ServiceKeys, KeysError> {
        ServiceKeys::load_or_generate(folder, &SystemEntropy)
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
        assert_eq!(bytes(&ServiceKeys::load(&keys).unwrap()), bytes(&first));
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
        ServiceKeys::generate(&SystemEntropy).publish(folder.path(), &SystemEntropy).unwrap();
        assert_eq!(bytes(&load_or_generate(folder.path()).unwrap()), bytes(&first));
        assert_eq!(names(folder.path()), [FILE]);
    }

    #[test]
    fn without_a_file_load_says_which_one() {
        let folder = TempDir::new().unwrap();
        let error = ServiceKeys::load(folder.path()).unwrap_err();
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
