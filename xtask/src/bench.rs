//! `cargo xtask bench`: builds the release server and the benchmarks, and runs them.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

use crate::workspace::Workspace;

const BUILD: [&str; 7] = ["build", "--release", "-p", "jangteo-api", "-p", "jangteo-bench", "--locked"];
const RUN: [&str; 8] = ["run", "--release", "--quiet", "-p", "jangteo-bench", "--locked", "--", "--server"];

/// Builds, then runs with these arguments besides. The server that was built is the one that is measured, wherever cargo has
/// put it.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let built = workspace.cargo(&BUILD).status().context("cannot start cargo; is it on the PATH?")?;
    ensure!(built.success(), "`cargo {}` failed: {built}", BUILD.join(" "));
    let server = target_folder(workspace)?.join("release/jangteo");
    let ended = workspace.cargo(&RUN).arg(server).args(arguments).status()?;
    ensure!(ended.success(), "the benchmarks failed: {ended}");
    Ok(())
}

fn target_folder(workspace: &Workspace) -> Result<PathBuf> {
    let manifest = workspace.root().join("Cargo.toml");
    let metadata = cargo_metadata::MetadataCommand::new().manifest_path(manifest).no_deps().exec()?;
    Ok(metadata.target_directory.into_std_path_buf())
}
