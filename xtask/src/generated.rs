//! A document that is made from the code and committed: it is written, or held to what would be written.

use std::fs;
use std::io::ErrorKind;

use anyhow::{Context as _, Result, bail};

use crate::workspace::Workspace;

/// Such a document.
#[derive(Debug)]
pub(crate) struct Generated {
    /// Where it is committed, from the root of the workspace.
    pub(crate) path: &'static str,
    /// What makes it anew.
    pub(crate) command: &'static str,
}

impl Generated {
    /// Writes the document, creating its folder if need be.
    pub(crate) fn write(&self, workspace: &Workspace, made: &str) -> Result<()> {
        let file = workspace.root().join(self.path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        fs::write(&file, made).with_context(|| format!("cannot write {}", file.display()))?;
        println!("wrote {}", self.path);
        Ok(())
    }

    /// Fails, naming the first line that differs, if the committed document is not what was made.
    pub(crate) fn check(&self, workspace: &Workspace, made: &str) -> Result<()> {
        let Self { path, command } = self;
        let file = workspace.root().join(path);
        let committed = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                bail!("{path} is missing; run `{command}` and commit the result")
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
        };
        if let Some(difference) = first_difference(&committed, made) {
            bail!("{path} is stale; run `{command}` and commit the result\n{difference}");
        }
        println!("{path} is up to date");
        Ok(())
    }
}

/// Describes the first line in which two texts differ, if they do.
fn first_difference(committed: &str, made: &str) -> Option<String> {
    if committed == made {
        return None;
    }
    let (mut ours, mut theirs) = (committed.split_inclusive('\n'), made.split_inclusive('\n'));
    let mut number = 0_usize;
    loop {
        number += 1;
        let (ours, theirs) = (ours.next(), theirs.next());
        if ours != theirs {
            let show = |line: Option<&str>| line.map_or("(ends here)".to_owned(), |line| format!("{line:?}"));
            return Some(format!(
                "  first difference, in line {number}:\n  committed: {}\n  made:      {}",
                show(ours),
                show(theirs)
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tempfile::TempDir;

    use super::*;

    const DOCUMENT: Generated = Generated { path: "docs/it.md", command: "cargo xtask it" };

    fn workspace() -> Result<(TempDir, Workspace)> {
        let folder = tempfile::tempdir()?;
        let workspace = Workspace::at(folder.path(), Path::new("cargo"));
        Ok((folder, workspace))
    }

    #[test]
    fn a_written_document_is_up_to_date() -> Result<()> {
        let (folder, workspace) = workspace()?;
        DOCUMENT.write(&workspace, "# It\n\nis so.\n")?;
        assert_eq!(fs::read_to_string(folder.path().join("docs/it.md"))?, "# It\n\nis so.\n");
        DOCUMENT.check(&workspace, "# It\n\nis so.\n")
    }

    #[test]
    fn a_missing_document_is_stale() -> Result<()> {
        let (_folder, workspace) = workspace()?;
        let error = DOCUMENT.check(&workspace, "# It\n").expect_err("nothing is committed").to_string();
        assert_eq!(error, "docs/it.md is missing; run `cargo xtask it` and commit the result");
        Ok(())
    }

    #[test]
    fn a_stale_document_is_told_by_its_first_differing_line_and_left_alone() -> Result<()> {
        let (folder, workspace) = workspace()?;
        DOCUMENT.write(&workspace, "# It\nis old.\n")?;
        let error = DOCUMENT.check(&workspace, "# It\nis new.\n").expect_err("it differs").to_string();
        assert!(error.starts_with("docs/it.md is stale; run `cargo xtask it`"), "{error}");
        assert!(error.contains("in line 2"), "{error}");
        assert!(error.contains("is old.") && error.contains("is new."), "{error}");
        assert_eq!(fs::read_to_string(folder.path().join("docs/it.md"))?, "# It\nis old.\n");
        Ok(())
    }

    #[test]
    fn a_missing_last_line_is_a_difference() {
        let difference = first_difference("a\nb\n", "a\n").expect("one line is missing");
        assert!(difference.contains("in line 2"), "{difference}");
        assert!(difference.contains("made:      (ends here)"), "{difference}");
        assert_eq!(first_difference("a\n", "a\n"), None);
        assert!(first_difference("a\n", "a").is_some());
    }
}
