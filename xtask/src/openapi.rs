//! Keeps the committed OpenAPI document equal to what the server says of itself.

use std::fs;
use std::io::ErrorKind;
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};

use crate::workspace::Workspace;

/// Where the document is committed, from the root of the workspace.
const COMMITTED: &str = "docs/api-spec/openapi.yaml";
const SERVER_PRINTS_IT: [&str; 9] =
    ["run", "-q", "--locked", "-p", "jangteo-api", "--bin", "jangteo", "--", "openapi"];
const REMEDY: &str = "run `cargo xtask openapi` and commit the result";

/// Writes the document, creating its folder if need be.
pub(crate) fn write(workspace: &Workspace) -> Result<()> {
    let printed = print(workspace)?;
    let file = workspace.root().join(COMMITTED);
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    fs::write(&file, printed).with_context(|| format!("cannot write {}", file.display()))?;
    println!("wrote {COMMITTED}");
    Ok(())
}

/// Fails, naming the first line that differs, if the committed document is not what the server prints.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let printed = print(workspace)?;
    let file = workspace.root().join(COMMITTED);
    let committed = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => bail!("{COMMITTED} is missing; {REMEDY}"),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    if let Some(difference) = first_difference(&committed, &printed) {
        bail!("{COMMITTED} is stale; {REMEDY}\n{difference}");
    }
    println!("{COMMITTED} is up to date");
    Ok(())
}

/// Builds the server and has it print its document.
fn print(workspace: &Workspace) -> Result<String> {
    let server = workspace
        .cargo(&SERVER_PRINTS_IT)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo; is it on the PATH?")?;
    ensure!(server.status.success(), "`cargo {}` failed: {}", SERVER_PRINTS_IT.join(" "), server.status);
    String::from_utf8(server.stdout).context("the document that the server prints is not UTF-8")
}

/// Describes the first line in which two texts differ, if they do.
fn first_difference(committed: &str, printed: &str) -> Option<String> {
    if committed == printed {
        return None;
    }
    let (mut ours, mut theirs) = (committed.split_inclusive('\n'), printed.split_inclusive('\n'));
    let mut number = 0_usize;
    loop {
        number += 1;
        let (ours, theirs) = (ours.next(), theirs.next());
        if ours != theirs {
            let show = |line: Option<&str>| line.map_or("(ends here)".to_owned(), |line| format!("{line:?}"));
            return Some(format!(
                "  first difference, in line {number}:\n  committed: {}\n  server:    {}",
                show(ours),
                show(theirs)
            ));
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use tempfile::TempDir;

    use super::*;

    /// A workspace whose cargo prints the text instead of building and running the server.
    fn workspace_whose_server_prints(text: &str) -> Result<(TempDir, Workspace)> {
        let folder = tempfile::tempdir()?;
        let cargo = folder.path().join("cargo");
        fs::write(folder.path().join("printed"), text)?;
        fs::write(&cargo, "#!/bin/sh\n[ \"$9\" = openapi ] && exec cat printed\n")?;
        fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755))?;
        let workspace = Workspace::at(folder.path(), &cargo);
        Ok((folder, workspace))
    }

    #[test]
    fn a_written_document_is_up_to_date() -> Result<()> {
        let (folder, workspace) = workspace_whose_server_prints("openapi: 3.1.0\ninfo: {}\n")?;
        write(&workspace)?;
        assert_eq!(fs::read_to_string(folder.path().join(COMMITTED))?, "openapi: 3.1.0\ninfo: {}\n");
        check(&workspace)
    }

    #[test]
    fn a_missing_document_is_stale() -> Result<()> {
        let (_folder, workspace) = workspace_whose_server_prints("openapi: 3.1.0\n")?;
        let error = check(&workspace).expect_err("nothing is committed").to_string();
        assert_eq!(
            error,
            "docs/api-spec/openapi.yaml is missing; run `cargo xtask openapi` and commit the result"
        );
        Ok(())
    }

    #[test]
    fn a_stale_document_is_told_by_its_first_differing_line_and_left_alone() -> Result<()> {
        let (folder, workspace) = workspace_whose_server_prints("openapi: 3.1.0\ntitle: new\n")?;
        write(&workspace)?;
        fs::write(folder.path().join(COMMITTED), "openapi: 3.1.0\ntitle: old\n")?;
        let error = check(&workspace).expect_err("the title differs").to_string();
        assert!(error.contains("run `cargo xtask openapi`"), "{error}");
        assert!(error.contains("in line 2"), "{error}");
        assert!(error.contains("title: old") && error.contains("title: new"), "{error}");
        assert_eq!(fs::read_to_string(folder.path().join(COMMITTED))?, "openapi: 3.1.0\ntitle: old\n");
        Ok(())
    }

    #[test]
    fn a_server_that_fails_is_told_by_its_command() -> Result<()> {
        let (folder, workspace) = workspace_whose_server_prints("")?;
        fs::write(folder.path().join("cargo"), "#!/bin/sh\nexit 3\n")?;
        let error = check(&workspace).expect_err("the server failed").to_string();
        assert!(error.contains("jangteo -- openapi` failed"), "{error}");
        Ok(())
    }

    #[test]
    fn a_missing_last_line_is_a_difference() {
        let difference = first_difference("a\nb\n", "a\n").expect("one line is missing");
        assert!(difference.contains("in line 2"), "{difference}");
        assert!(difference.contains("server:    (ends here)"), "{difference}");
        assert_eq!(first_difference("a\n", "a\n"), None);
        assert!(first_difference("a\n", "a").is_some());
    }
}
