//! Programs in Python, each in an environment of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// Installs what a file of requirements names, with the checksums that it names, into an environment of its own in a folder;
/// gives where the programs are. What is there already is used, unless it is of other requirements.
pub(crate) fn environment(requirements: &Path, folder: &Path) -> Result<PathBuf> {
    let wanted = fs::read_to_string(requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let programs = folder.join("bin");
    // Written last, so that a broken-off installation is none.
    let installed = folder.join("installed.txt");
    if fs::read_to_string(&installed).ok().as_ref() != Some(&wanted) {
        let mut make = Command::new("python3");
        succeeds(make.args(["-m", "venv", "--clear"]).arg(folder))
            .context("Python makes no environment; on Debian and Ubuntu it needs python3-venv")?;
        let mut install = Command::new(programs.join("python"));
        let pip =
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"];
        succeeds(install.args(pip).arg(requirements))?;
        fs::write(&installed, wanted).with_context(|| format!("cannot write {}", installed.display()))?;
    }
    Ok(programs)
}

/// Runs a program in this terminal and fails if it does.
pub(crate) fn succeeds(command: &mut Command) -> Result<()> {
    let program = command.get_program().display().to_string();
    let status = command.status().with_context(|| format!("cannot start {program}"))?;
    ensure!(status.success(), "{program} failed: {status}");
    Ok(())
}
