//! `cargo xtask check-docs`: what the documents point at is there, and what they draw can be drawn.
//!
//! [`document`] reads a file of Markdown. [`links`], [`records`] and [`diagrams`] each hold all of them to one promise.

mod diagrams;
mod document;
mod links;
mod mermaid;
mod records;
mod tree;

use std::fs;

use anyhow::{Context as _, Result, ensure};

use self::mermaid::Mermaid;
use crate::workspace::Workspace;

/// Fails, telling everything that is wrong, if a link leads nowhere, a decision record is not whole or names a file that is
/// not there, or a diagram does not parse.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let documents = tree::documents(workspace.root())?;
    let folder = workspace.target_folder()?.join("check-docs");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let mermaid = Mermaid::installed(&workspace.root().join("xtask/diagrams"), &folder)?;

    let mut faults = links::check(workspace.root(), &documents);
    faults.extend(records::check(workspace.root(), &documents));
    faults.extend(diagrams::check(&mermaid, &documents)?);
    ensure!(faults.is_empty(), "{} fault(s) in the documents\n\n  {}", faults.len(), faults.join("\n  "));
    let (links, diagrams) = documents
        .values()
        .fold((0, 0), |(links, diagrams), one| (links + one.links.len(), diagrams + one.diagrams.len()));
    println!("{} documents: no link leads nowhere, of {links}; {diagrams} diagrams parse", documents.len());
    Ok(())
}
