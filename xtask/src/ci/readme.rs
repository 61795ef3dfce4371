//! Holds the READMEs to their promise: the one command to test is what continuous integration runs.

use std::fs;

use anyhow::{Context as _, Result, bail, ensure};

use crate::workspace::Workspace;

const READMES: [&str; 2] = ["README.md", "README.ko.md"];
const MARKER: &str = "<!-- test command -->";
const FENCE: &str = "```";

/// Fails unless every README shows the command, alone in the fenced block that follows the marker.
pub(crate) fn shows_the_test_command(workspace: &Workspace, command: &str) -> Result<()> {
    for name in READMES {
        let text = fs::read_to_string(workspace.root().join(name))
            .with_context(|| format!("cannot read {name}; it must show the test command"))?;
        let shown =
            marked_command(&text).with_context(|| format!("{name} does not show the test command"))?;
        ensure!(
            shown == command,
            "{name} says that the tests are run by `{shown}`, but they are run by `{command}`; make them equal"
        );
    }
    Ok(())
}

/// The text of the fenced block that follows the marker.
fn marked_command(markdown: &str) -> Result<String> {
    let mut lines = markdown.lines().skip_while(|line| line.trim() != MARKER).skip(1);
    match lines.by_ref().find(|line| !line.trim().is_empty()) {
        None => bail!("put the line `{MARKER}` before the block that shows it"),
        Some(opening) => {
            ensure!(opening.starts_with(FENCE), "after `{MARKER}` comes `{opening}`, not a fenced block");
        }
    }
    let mut block = Vec::new();
    for line in lines {
        if line.starts_with(FENCE) {
            return Ok(block.join("\n"));
        }
        block.push(line.trim());
    }
    bail!("the fenced block after `{MARKER}` has no end")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tempfile::TempDir;

    use super::*;

    const README: &str = "# Jangteo\n\n<!-- test command -->\n```sh\ncargo test --workspace --locked\n```\n";

    fn workspace_with(english: &str, korean: &str) -> Result<(TempDir, Workspace)> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("README.md"), english)?;
        fs::write(folder.path().join("README.ko.md"), korean)?;
        let workspace = Workspace::at(folder.path(), Path::new("cargo"));
        Ok((folder, workspace))
    }

    #[test]
    fn equal_commands_pass() -> Result<()> {
        let (_folder, workspace) = workspace_with(README, README)?;
        shows_the_test_command(&workspace, "cargo test --workspace --locked")
    }

    #[test]
    fn the_readme_that_shows_another_command_is_named() -> Result<()> {
        let (_folder, workspace) = workspace_with(README, &README.replace(" --locked", ""))?;
        let error = shows_the_test_command(&workspace, "cargo test --workspace --locked")
            .expect_err("one README differs")
            .to_string();
        assert!(error.starts_with("README.ko.md says"), "{error}");
        assert!(error.contains("`cargo test --workspace`,"), "{error}");
        Ok(())
    }

    #[test]
    fn a_missing_readme_is_named() -> Result<()> {
        let (folder, workspace) = workspace_with(README, README)?;
        fs::remove_file(folder.path().join("README.md"))?;
        let error = shows_the_test_command(&workspace, "cargo test").expect_err("it is missing").to_string();
        assert!(error.starts_with("cannot read README.md"), "{error}");
        Ok(())
    }

    #[test]
    fn what_is_wrong_with_the_block_is_told() {
        let complaint = |text| marked_command(text).expect_err("there is no such block").to_string();
        assert!(complaint("# Jangteo\n").contains("put the line"));
        assert!(complaint("<!-- test command -->\n\ncargo test\n").contains("not a fenced block"));
        assert!(complaint("<!-- test command -->\n```sh\ncargo test\n").contains("has no end"));
    }

    #[test]
    fn a_second_line_in_the_block_is_part_of_the_command() -> Result<()> {
        assert_eq!(
            marked_command("<!-- test command -->\n```sh\ncargo test\nexit 0\n```\n")?,
            "cargo test\nexit 0"
        );
        Ok(())
    }
}
