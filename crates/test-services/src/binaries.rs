//! Where the programs are.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Service;

/// A program that this machine does not have.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "there is no {program} on this machine, neither on the PATH nor where distributions put it. Please install it (on \
     Debian and Ubuntu: apt-get install {package})"
)]
pub struct MissingBinary {
    program: String,
    package: &'static str,
}

/// Where distributions put servers, which need not be on the PATH.
const ELSEWHERE: [&str; 4] = ["/usr/sbin", "/usr/bin", "/usr/libexec", "/usr/local/sbin"];

/// The folders that may hold the programs of a package.
pub(crate) struct Binaries {
    package: &'static str,
    folders: Vec<PathBuf>,
}

impl Binaries {
    /// Those of a server.
    pub(crate) fn of(service: Service) -> Self {
        let own = if service == Service::Postgres { versions("/usr/lib/postgresql") } else { Vec::new() };
        Self::in_folders(service.debian_package(), own)
    }

    /// Where all programs are looked for, and in these folders before what distributions use.
    fn in_folders(package: &'static str, own: Vec<PathBuf>) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path).chain(own).chain(ELSEWHERE.map(PathBuf::from));
        Self { package, folders: folders.collect() }
    }

    pub(crate) fn find(&self, program: &str) -> Result<PathBuf, MissingBinary> {
        let found = self.folders.iter().map(|folder| folder.join(program)).find(|path| path.is_file());
        found.ok_or_else(|| MissingBinary { program: program.to_owned(), package: self.package })
    }
}

/// Where a program is that is no server's, and comes with this package of Debian.
///
/// # Errors
/// If this machine does not have it.
pub fn find_program(program: &str, package: &'static str) -> Result<PathBuf, MissingBinary> {
    Binaries::in_folders(package, Vec::new()).find(program)
}

/// `15/bin`, `14/bin` and so on in a folder, the newest first. Debian keeps them beside each other.
fn versions(folder: impl AsRef<Path>) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let version = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let mut found: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter_map(|path| Some((Reverse(version(&path)?), path.join("bin"))))
        .collect();
    found.sort();
    found.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["9", "15", "17", "common"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let names = ["17/bin", "15/bin", "9/bin"].map(|name| folder.path().join(name));
        assert_eq!(versions(folder.path()), names);
        assert_eq!(versions(folder.path().join("nowhere")), Vec::<PathBuf>::new());
    }

    #[test]
    fn what_is_missing_is_told_with_its_package() {
        let nothing = Binaries { package: Service::MariaDb.debian_package(), folders: Vec::new() };
        let told = nothing.find("mariadbd").unwrap_err().to_string();
        assert!(told.contains("mariadbd") && told.contains("apt-get install mariadb-server"), "{told}");
    }
}
