//! The Markdown files of the repository.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::document::Document;

/// What holds what was built, downloaded or versioned, and no document of ours.
const PASSED_OVER: [&str; 3] = [".git", "node_modules", "target"];

/// All documents under a folder, by their path from there.
pub(crate) fn documents(root: &Path) -> Result<BTreeMap<PathBuf, Document>> {
    let mut documents = BTreeMap::new();
    read(root, Path::new(""), &mut documents)?;
    Ok(documents)
}

fn read(root: &Path, folder: &Path, into: &mut BTreeMap<PathBuf, Document>) -> Result<()> {
    let entries = root.join(folder);
    let entries = fs::read_dir(&entries).with_context(|| format!("cannot read {}", entries.display()))?;
    for entry in entries {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            if !PASSED_OVER.iter().any(|name| entry.file_name() == *name) {
                read(root, &path, into)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            let text = fs::read_to_string(entry.path())
                .with_context(|| format!("cannot read {}", path.display()))?;
            into.insert(path.clone(), Document::read(&path, &text));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_found_wherever_they_are_but_for_what_is_not_ours() -> Result<()> {
        let root = tempfile::tempdir()?;
        for path in ["README.md", ".github/form.md", "docs/adr/a.md", "docs/a.txt", "target/doc/b.md"] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder"))?;
            fs::write(path, "# It\n")?;
        }
        let found = documents(root.path())?.into_keys().collect::<Vec<_>>();
        assert_eq!(found, [".github/form.md", "README.md", "docs/adr/a.md"].map(PathBuf::from));
        Ok(())
    }
}
