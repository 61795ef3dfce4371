//! Key files that appear whole or not at all.

use std::io::{self, Write as _};
use std::path::Path;

use jangteo_files::{Draft, FileError};
use jangteo_shared_kernel::Entropy;

use crate::{KeysError, ServiceKeys, key_file};

/// Keys beside the file that they are meant for, for their owner only. Gone when dropped.
pub(crate) fn draft(keys: &ServiceKeys, target: &Path, entropy: &dyn Entropy) -> Result<Draft, KeysError> {
    let text = key_file::write(keys).map_err(io::Error::from).map_err(FileError::of("write", target))?;
    let mut random = [0; 8];
    entropy.fill(&mut random);
    let mut draft = Draft::create(target, random)?;
    let written = draft.file().write_all(&text);
    written.map_err(FileError::of("write", draft.path()))?;
    Ok(draft)
}
