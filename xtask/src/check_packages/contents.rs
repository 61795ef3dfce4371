//! The files of a package.

use std::fs;

use anyhow::{Context as _, Result};
use cargo_metadata::Package;
use cargo_metadata::camino::Utf8Path;

const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// What every package has at its top besides the licences. Cargo adds all but the page.
const AT_THE_TOP: [&str; 5] =
    [".cargo_vcs_info.json", "Cargo.lock", "Cargo.toml", "Cargo.toml.orig", "README.md"];

/// What is missing from the list that cargo prints, and what should not be on it.
pub(crate) fn faults(name: &str, listed: &str) -> Vec<String> {
    let files: Vec<_> = listed.lines().collect();
    let needed = LICENCES.into_iter().chain(["README.md", "src/lib.rs"]);
    let missing = needed.filter(|needed| !files.contains(needed));
    let is_in_place = |file: &str| {
        LICENCES.contains(&file)
            || AT_THE_TOP.contains(&file)
            || ["src/", "examples/"].iter().any(|folder| file.starts_with(folder))
    };
    let too_much = files.iter().filter(|file| !is_in_place(file));
    missing
        .map(|missing| format!("{name}: its package has no {missing}"))
        .chain(too_much.map(|file| format!("{name}: its package has {file}, which importers do not need")))
        .collect()
}

/// A licence beside the manifest, mostly a link to that of the repository, that does not have its text.
pub(crate) fn licence_faults(package: &Package, root: &Utf8Path) -> Result<Vec<String>> {
    let folder = package.manifest_path.parent().context("a manifest is in a folder")?;
    let mut faults = Vec::new();
    for licence in LICENCES {
        let text = root.join(licence);
        let text = fs::read(&text).with_context(|| format!("cannot read {text}"))?;
        if fs::read(folder.join(licence)).ok().is_none_or(|copy| copy != text) {
            faults.push(format!("{}: its {licence} is not that of the repository", package.name));
        }
    }
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = ".cargo_vcs_info.json\nCargo.lock\nCargo.toml\nCargo.toml.orig\nLICENSE-APACHE\nLICENSE-MIT\nREADME.md\n\
                         examples/a/main.rs\nsrc/a.lua\nsrc/lib.rs\n";

    #[test]
    fn sources_examples_licences_and_the_page_pass() {
        assert_eq!(faults("a", WHOLE), Vec::<String>::new());
    }

    #[test]
    fn what_is_missing_is_named() {
        let listed = WHOLE.replace("LICENSE-MIT\n", "").replace("README.md\n", "");
        let told = ["a: its package has no LICENSE-MIT", "a: its package has no README.md"];
        assert_eq!(faults("a", &listed), told);
    }

    #[test]
    fn what_is_no_source_is_named() {
        let listed = format!("{WHOLE}notes.txt\ntests/all/main.rs\n");
        let told = ["notes.txt", "tests/all/main.rs"];
        let told = told.map(|file| format!("a: its package has {file}, which importers do not need"));
        assert_eq!(faults("a", &listed), told);
    }
}
