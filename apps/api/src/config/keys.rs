//! `keys.*`: where the keys come from.

use std::path::{Path, PathBuf};

use jangteo_security::ServiceKeys;

use super::reader::{Reader, quoted};

const FILE: &str = "keys.file";
const RING: &str = "keys.ring";

/// Where the keys of the shop come from.
#[derive(Debug, Clone)]
pub(crate) enum KeySource {
    /// A file of the data directory, which is made if it is not there. For an embedded database, whose keys nobody else
    /// has to have.
    Own(PathBuf),
    /// `keys.file`.
    File(PathBuf),
    /// `keys.ring`, already read.
    Ring(ServiceKeys),
    /// Neither is set, and the database is on a server. Only what works without keys works.
    Nowhere,
}

impl KeySource {
    pub(super) fn read(from: &mut Reader, data_dir: &Path, embedded: bool) -> Self {
        let ring = from.read(RING, || None, ring, |ring| quoted(if ring.is_some() { "***" } else { "" }));
        let unset = || {
            let own = embedded && ring.is_none();
            if own { Self::Own(data_dir.join("keys").join("keys.json")) } else { Self::Nowhere }
        };
        let file = |text: &str| Ok(if text.is_empty() { unset() } else { Self::File(text.into()) });
        let file = from.read(FILE, unset, file, |source| {
            quoted(&source.file().map(|path| path.display().to_string()).unwrap_or_default())
        });
        match ring {
            None => file,
            Some(ring) => {
                if file.file().is_some() {
                    from.refuse(RING, format!("is set, and so is {FILE}: there is one place for keys"));
                }
                Self::Ring(ring)
            }
        }
    }

    /// The file, if it is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::Own(path) | Self::File(path) => Some(path),
            Self::Ring(_) | Self::Nowhere => None,
        }
    }
}

/// An empty text is no ring, as `jangteo config` shows it. What is wrong is said without repeating anything.
fn ring(text: &str) -> Result<Option<ServiceKeys>, String> {
    if text.is_empty() { Ok(None) } else { ServiceKeys::from_text(text).map(Some) }
}
