//! `cargo xtask check-packages`: the crates for importers can be packaged, each with what it should have in it.
//!
//! [`description`] looks at what a registry shows of a crate, and [`contents`] at the files. Cargo makes the packages in the order
//! in which they depend on each other, and [`importers`] takes them as somebody else would.

mod contents;
mod description;
mod importers;

use std::process::Command;

use anyhow::{Result, ensure};
use cargo_metadata::{Metadata, Package};

use crate::program::{printed, succeeds};
use crate::workspace::Workspace;

/// Fails, telling everything that is wrong, if a crate for importers is not described or has in it what it should not; then
/// packages them all. With `build`, each is also built, and tested as far as it can be, as an importer has it: from its package
/// and those of the others.
pub(crate) fn run(workspace: &Workspace, build: bool) -> Result<()> {
    let metadata = workspace.metadata()?;
    let (published, kept): (Vec<&Package>, Vec<&Package>) =
        metadata.packages.iter().partition(|package| is_published(package));
    let mut faults = Vec::new();
    for package in &published {
        faults.extend(description::faults(package));
        faults.extend(contents::licence_faults(package, &metadata.workspace_root)?);
        let list = ["package", "--list", "--quiet", "--allow-dirty", "--locked", "--package", &package.name];
        faults.extend(contents::faults(&package.name, &printed(workspace.cargo(&list))?));
    }
    ensure!(faults.is_empty(), "{} fault(s) in the packages\n\n  {}", faults.len(), faults.join("\n  "));
    succeeds(&mut packaging(workspace, &kept, build))?;
    if build {
        importers::test(workspace, &published)?;
    }
    let (count, done) = (published.len(), if build { "packaged, built and tested" } else { "packaged" });
    println!("all {count} crates for importers can be {done}: {}", told(&metadata, &published));
    Ok(())
}

/// Whether the manifest lets a registry have it.
fn is_published(package: &Package) -> bool {
    package.publish.as_ref().is_none_or(|registries| !registries.is_empty())
}

/// The call that packages every member but these. What is not committed yet is packaged, too.
fn packaging(workspace: &Workspace, kept: &[&Package], build: bool) -> Command {
    let mut command = workspace.cargo(&["package", "--workspace", "--allow-dirty", "--locked"]);
    command.args(kept.iter().flat_map(|package| ["--exclude", package.name.as_str()]));
    if !build {
        // Its warning, that there is no repository yet, would stand here once for each.
        command.args(["--no-verify", "--quiet"]);
    }
    command
}

/// The folders of packages, from the root.
fn told(metadata: &Metadata, packages: &[&Package]) -> String {
    let folder = |package: &&Package| {
        let folder = package.manifest_path.parent().unwrap_or(&package.manifest_path);
        folder.strip_prefix(&metadata.workspace_root).unwrap_or(folder).to_string()
    };
    packages.iter().map(folder).collect::<Vec<_>>().join(", ")
}
