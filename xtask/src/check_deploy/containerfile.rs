//! The image, which nobody builds for a check: what it is built of is there, and is all.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

const FILE: &str = "deploy/Containerfile";

/// What cargo has to see besides the members.
const VERSIONS: [&str; 2] = ["Cargo.toml", "Cargo.lock"];

/// Fails if it copies what is not there, or leaves out what cargo has to see to build the server.
pub(crate) fn check(root: &Path, members: &[PathBuf]) -> Result<()> {
    let text = fs::read_to_string(root.join(FILE)).with_context(|| format!("cannot read {FILE}"))?;
    let copied = copied(&text);
    for source in &copied {
        ensure!(root.join(source).exists(), "{FILE} copies {source}, which is not there");
    }
    let versions = VERSIONS.map(PathBuf::from);
    for needed in versions.iter().chain(members) {
        let is_copied = copied.iter().any(|source| needed.starts_with(source));
        ensure!(is_copied, "{FILE} does not copy {}, which cargo has to see", needed.display());
    }
    Ok(())
}

/// What is copied from the tree. What one stage copies from another is not.
fn copied(text: &str) -> Vec<&str> {
    let mut sources = Vec::new();
    for arguments in text.lines().filter_map(|line| line.strip_prefix("COPY ")) {
        let names: Vec<&str> = arguments.split_whitespace().collect();
        if let [from @ .., _] = &names[..]
            && !arguments.starts_with("--from")
        {
            sources.extend(from);
        }
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<()> {
        let root = tempfile::tempdir()?;
        fs::create_dir(root.path().join("deploy"))?;
        fs::create_dir_all(root.path().join("crates/order"))?;
        for (name, text) in [(FILE, text), ("Cargo.toml", ""), ("Cargo.lock", "")] {
            fs::write(root.path().join(name), text)?;
        }
        check(root.path(), &["crates/order".into()])
    }

    #[test]
    fn an_image_is_built_of_what_is_there_and_of_every_member() -> Result<()> {
        checked(
            "COPY Cargo.toml Cargo.lock ./\nCOPY crates crates\nCOPY --from=build /elsewhere /elsewhere\n",
        )?;
        let missing = checked("COPY Cargo.toml Cargo.lock ./\nCOPY crates apps ./\n");
        let told = missing.expect_err("apps is not there").to_string();
        assert_eq!(told, "deploy/Containerfile copies apps, which is not there");
        let forgotten = checked("COPY Cargo.toml Cargo.lock ./\n").expect_err("a member is forgotten");
        assert!(forgotten.to_string().contains("does not copy crates/order"), "{forgotten}");
        Ok(())
    }
}
