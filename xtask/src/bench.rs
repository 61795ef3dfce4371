//! `cargo xtask bench`: builds the release server and the benchmarks, and runs them.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::program::succeeds;
use crate::workspace::Workspace;

const BUILD: [&str; 7] = ["build", "--release", "-p", "jangteo-api", "-p", "jangteo-bench", "--locked"];

/// Builds, then runs with these arguments besides. What was built is run as it is: `cargo run` would choose other features
/// for the one than for both, and build again.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    succeeds(&mut workspace.cargo(&BUILD))?;
    let release = workspace.target_folder()?.join("release");
    let mut bench = Command::new(release.join("jangteo-bench"));
    bench.arg("--server").arg(release.join("jangteo")).args(arguments).current_dir(workspace.root());
    succeeds(&mut bench).context("the benchmarks failed")
}
