//! Programs in Python, each in an environment of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::program::{install_once, succeeds};

/// Installs what a file of requirements names, with the checksums that it names, into an environment of its own in a folder;
/// gives where the programs are. What is there already is used, unless it is of other requirements.
pub(crate) fn environment(requirements: &Path, folder: &Path) -> Result<PathBuf> {
    let programs = folder.join("bin");
    install_once(requirements, &folder.join("installed.txt"), || {
        let mut make = Command::new("python3");
        succeeds(make.args(["-m", "venv", "--clear"]).arg(folder))
            .context("Python makes no environment; on Debian and Ubuntu it needs python3-venv")?;
        let mut install = Command::new(programs.join("python"));
        let pip =
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"];
        succeeds(install.args(pip).arg(requirements))
    })?;
    Ok(programs)
}
