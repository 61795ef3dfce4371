//! Manifests, as kustomize makes them and as Kubernetes takes them.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::program::succeeds;

/// The version whose schemas count.
const VERSION: &str = "1.37";

/// Builds each overlay into a file of the folder, and validates it there: every field is one that Kubernetes knows.
pub(crate) fn check(overlays: &Path, programs: &Path, folder: &Path) -> Result<()> {
    let found = folders(overlays)?;
    ensure!(!found.is_empty(), "there is no overlay in {}", overlays.display());
    for overlay in found {
        let name = overlay.file_name().unwrap_or_default().display().to_string();
        let built = folder.join(format!("{name}.yaml"));
        fs::write(&built, build(&overlay)?).with_context(|| format!("cannot write {}", built.display()))?;
        let mut validate = Command::new(programs.join("kubernetes-validate"));
        succeeds(validate.args(["--strict", "--quiet", "--kubernetes-version", VERSION]).arg(&built))
            .with_context(|| format!("the overlay {name} is not what Kubernetes {VERSION} takes"))?;
        println!("    the overlay {name} is what Kubernetes {VERSION} takes");
    }
    Ok(())
}

/// What `kubectl apply -k` would send.
fn build(overlay: &Path) -> Result<Vec<u8>> {
    let built = match Command::new("kubectl").arg("kustomize").arg(overlay).output() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("there is no kubectl on the PATH; please install it, 1.27 or later")
        }
        built => built.context("cannot start kubectl")?,
    };
    let said = String::from_utf8_lossy(&built.stderr);
    ensure!(built.status.success(), "kubectl kustomize {}: {said}", overlay.display());
    // Such as a field that will not be understood any more.
    ensure!(said.is_empty(), "kubectl kustomize {} warns: {said}", overlay.display());
    Ok(built.stdout)
}

fn folders(parent: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(parent).with_context(|| format!("cannot read {}", parent.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
