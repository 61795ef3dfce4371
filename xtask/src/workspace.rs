//! The workspace that a task works on, and the cargo that builds it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

/// A workspace on disk.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    cargo: OsString,
}

impl Workspace {
    /// The workspace that this tool is a member of, wherever it is called from.
    pub(crate) fn here() -> Self {
        let member = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = member.parent().unwrap_or(member).to_owned();
        // Cargo tells its children which cargo it is, so that a chosen toolchain stays chosen.
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        Self { root, cargo }
    }

    /// A workspace elsewhere, built by a cargo of the caller's.
    #[cfg(test)]
    pub(crate) fn at(root: &Path, cargo: &Path) -> Self {
        Self { root: root.to_owned(), cargo: cargo.into() }
    }

    /// The folder that holds the workspace's Cargo.toml.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where cargo builds it.
    pub(crate) fn target_folder(&self) -> Result<PathBuf> {
        Ok(self.metadata()?.target_directory.into_std_path_buf())
    }

    /// The folders of its members, below its own.
    pub(crate) fn members(&self) -> Result<Vec<PathBuf>> {
        let metadata = self.metadata()?;
        let folder = |package: &cargo_metadata::Package| {
            let folder = package.manifest_path.parent().context("a manifest is in a folder")?;
            let below =
                folder.strip_prefix(&metadata.workspace_root).context("a member is below its workspace")?;
            Ok(below.as_std_path().to_owned())
        };
        metadata.packages.iter().map(folder).collect()
    }

    /// What cargo knows of its members.
    pub(crate) fn metadata(&self) -> Result<cargo_metadata::Metadata> {
        let mut asked = cargo_metadata::MetadataCommand::new();
        asked.cargo_path(&self.cargo).manifest_path(self.root.join("Cargo.toml")).no_deps();
        asked.exec().context("cannot read the workspace")
    }

    /// A call of cargo at the root of the workspace.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.cargo);
        command.args(arguments).current_dir(&self.root);
        command
    }
}
