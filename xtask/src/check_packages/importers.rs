//! The packages as whoever imports them has them: each built, and tested as far as it has its tests with it.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use cargo_metadata::{DependencyKind, Package};

use crate::program::succeeds;
use crate::workspace::Workspace;

/// Runs tests and examples of packages that cargo has unpacked, on each other and on nothing of this workspace.
pub(crate) fn test(workspace: &Workspace, published: &[&Package]) -> Result<()> {
    let folder = workspace.target_folder()?.join("package");
    let manifest = folder.join("Cargo.toml");
    fs::write(&manifest, manifest_of(published))
        .with_context(|| format!("cannot write {}", manifest.display()))?;
    // The versions of this workspace, of which cargo strikes out what nobody here needs.
    let lock = workspace.root().join("Cargo.lock");
    fs::copy(&lock, folder.join("Cargo.lock")).with_context(|| format!("cannot copy {}", lock.display()))?;
    let (whole, stripped): (Vec<&Package>, Vec<&Package>) =
        published.iter().partition(|package| has_its_tests(package));
    run(workspace, &folder, &whole, &[])?;
    run(workspace, &folder, &stripped, &["--examples"])
}

fn run(workspace: &Workspace, folder: &Path, packages: &[&Package], what: &[&str]) -> Result<()> {
    let mut command = workspace.cargo(&["test"]);
    // What others wrote has been built there already.
    command.current_dir(folder).env("CARGO_TARGET_DIR", workspace.target_folder()?).args(what);
    command.args(packages.iter().flat_map(|package| ["--package", package.name.as_str()]));
    succeeds(&mut command)
}

/// A workspace of the unpacked packages, each of which finds the others here instead of in the registry.
fn manifest_of(published: &[&Package]) -> String {
    let folder = |package: &&Package| format!("{}-{}", package.name, package.version);
    let members: Vec<_> = published.iter().map(|package| format!("\"{}\"", folder(package))).collect();
    let found =
        published.iter().map(|package| format!("{} = {{ path = \"{}\" }}", package.name, folder(package)));
    format!(
        "[workspace]\nresolver = \"3\"\nmembers = [{}]\n\n[patch.crates-io]\n{}\n",
        members.join(", "),
        found.collect::<Vec<_>>().join("\n")
    )
}

/// Whether nothing that its unit tests may need was left behind: what has a path and no version vanishes from a package.
fn has_its_tests(package: &Package) -> bool {
    let mut dependencies = package.dependencies.iter();
    !dependencies.any(|one| {
        one.kind == DependencyKind::Development && one.path.is_some() && one.req.comparators.is_empty()
    })
}
