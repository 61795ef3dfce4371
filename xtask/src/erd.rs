//! Keeps the committed page about the tables equal to what the migrations make, and to what is said of each table.

use std::process::Command;

use anyhow::Result;

use crate::generated::Generated;
use crate::program::{printed, succeeds};
use crate::workspace::Workspace;

const DOCUMENT: Generated = Generated { path: "docs/erd/ERD.md", command: "cargo xtask erd" };

/// What is said of the tables, from the root of the workspace.
const PROSE: &str = "docs/erd/tables.md";

/// Of the whole workspace, so that nothing is built anew for it.
const BUILD: [&str; 6] = ["build", "-q", "--workspace", "--locked", "--example", "erd"];

/// Writes the page.
pub(crate) fn write(workspace: &Workspace) -> Result<()> {
    DOCUMENT.write(workspace, &page(workspace)?)
}

/// Fails if the committed page is not what is made.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    DOCUMENT.check(workspace, &page(workspace)?)
}

/// Builds the example of the migrations that prints the page, and runs it.
fn page(workspace: &Workspace) -> Result<String> {
    succeeds(&mut workspace.cargo(&BUILD))?;
    let example = workspace.target_folder()?.join("debug").join("examples").join("erd");
    let mut example = Command::new(example);
    example.arg(PROSE).current_dir(workspace.root());
    printed(example)
}
