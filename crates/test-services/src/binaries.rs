//! Where the programs are.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Service;

/// A program that this machine does not have.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "there is no {program} on this machine, neither on the PATH nor where distributions put it. Please install \
     {service} (on Debian and Ubuntu: apt-get install {})",
    service.debian_package()
)]
pub struct MissingBinary {
    service: Service,
    program: String,
}

/// Where distributions put servers, which need not be on the PATH.
const ELSEWHERE: [&str; 4] = ["/usr/sbin", "/usr/bin", "/usr/libexec", "/usr/local/sbin"];

/// The folders that may hold the programs of a server.
pub(crate) struct Binaries {
    service: Service,
    folders: Vec<PathBuf>,
}

impl Binaries {
    pub(crate) fn of(service: Service) -> Self {
        let mut folders = on_the_path();
        if service == Service::Postgres {
            folders.extend(versions("/usr/lib/postgresql"));
        }
        folders.extend(ELSEWHERE.map(PathBuf::from));
        Self { service, folders }
    }

    pub(crate) fn find(&self, program: &str) -> Result<PathBuf, MissingBinary> {
        let found = self.folders.iter().map(|folder| folder.join(program)).find(|path| path.is_file());
        found.ok_or_else(|| MissingBinary { service: self.service, program: program.to_owned() })
    }
}

/// A program that has no folder of its own.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let folders = on_the_path().into_iter().chain(ELSEWHERE.map(PathBuf::from));
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn on_the_path() -> Vec<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect()
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
        let nothing = Binaries { service: Service::MariaDb, folders: Vec::new() };
        let told = nothing.find("mariadbd").unwrap_err().to_string();
        assert!(told.contains("mariadbd") && told.contains("apt-get install mariadb-server"), "{told}");
    }
}
