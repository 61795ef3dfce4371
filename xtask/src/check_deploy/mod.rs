//! `cargo xtask check-deploy`: what is in `deploy/` is what those expect who read it, as far as it can be told without them.

mod containerfile;
mod kubernetes;

use std::fs;

use anyhow::{Context as _, Result};

use crate::python;
use crate::workspace::Workspace;

/// Builds each overlay for Kubernetes and checks it against the schemas of Kubernetes; checks that the image is built of
/// files that are there, and of every member. A program that is missing is a failure.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let root = workspace.root();
    containerfile::check(root, &workspace.members()?)?;

    let folder = workspace.target_folder()?.join("check-deploy");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let requirements = root.join("xtask/check-deploy/requirements.txt");
    let programs = python::environment(&requirements, &folder.join("python"))?;
    kubernetes::check(&root.join("deploy/kubernetes/overlays"), &programs, &folder)
}
