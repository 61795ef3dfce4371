//! Files that only their owner may use. Where the operating system has no such modes, the folder that was chosen
//! has to see to it.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

#[cfg(unix)]
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown,
};

/// Creates a folder, and those above it that are missing, with mode 0700. One that exists stays as it is.
pub fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o700);
    builder.create(path)
}

/// Creates a file with mode 0600, to write to. Fails if there is one.
pub fn create_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(path)
}

/// Gives a file the mode and the owner of another: whoever is root and changes a file for somebody leaves it theirs.
pub fn make_like(file: &File, other: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    if file.metadata()?.uid() != other.uid() {
        fchown(file, Some(other.uid()), Some(other.gid()))?;
    }
    file.set_permissions(other.permissions())
}

/// Opens a file with mode 0600 that is made if there is none. What is in it does not matter.
pub fn open_marker(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(path)
}

/// The mode of a file that not only its owner may use.
#[must_use]
pub fn mode_open_to_others(metadata: &Metadata) -> Option<u32> {
    #[cfg(unix)]
    {
        let mode = metadata.permissions().mode() & 0o7777;
        (mode & 0o077 != 0).then_some(mode)
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        None
    }
}

/// Makes the names of a folder outlive a loss of power.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    return File::open(path)?.sync_all();
    #[cfg(not(unix))]
    {
        let _ = path;
        Ok(())
    }
}
