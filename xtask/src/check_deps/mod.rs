//! Enforces "Who may know whom": what a member of the workspace depends on follows from its place in the tree.
//!
//! [`table`] holds the rules, one row a place; the other modules compare a workspace with them. [`list`] besides compares
//! the document that vets the direct dependencies with what they are.

mod direct;
mod graph;
mod inheritance;
mod list;
mod members;
mod place;
mod table;
mod third_parties;
mod violation;
mod workspace_members;

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{CargoOpt, Metadata, MetadataCommand};

use self::members::Members;
use self::violation::Violation;

/// Fails, telling everything that is wrong, if the workspace of this manifest breaks a rule or its list of direct
/// dependencies is not what they are.
pub(crate) fn run(manifest: &Path) -> Result<()> {
    let metadata = metadata(manifest)?;
    let members = Members::of(&metadata);
    let violations = violations(&metadata, &members)?;
    let fuzz_targets = metadata.workspace_root.join("fuzz/Cargo.toml").into_std_path_buf();
    let fuzz_targets = fuzz_targets.exists().then(|| self::metadata(&fuzz_targets)).transpose()?;
    let faults = list::check(&members, &metadata, fuzz_targets.as_ref())?;
    let mut told = Vec::new();
    if !violations.is_empty() {
        let all: Vec<_> = violations.iter().map(Violation::to_string).collect();
        told.push(format!("the dependency rules are broken {} time(s)\n\n{}", all.len(), all.join("\n\n")));
    }
    if !faults.is_empty() {
        let all = faults.join("\n  ");
        told.push(format!("{} is wrong in {} place(s)\n\n  {all}", list::LIST, faults.len()));
    }
    if !told.is_empty() {
        bail!(told.join("\n\n"));
    }
    println!(
        "the dependency rules hold for all {} members; {} lists what they use",
        members.len(),
        list::LIST
    );
    Ok(())
}

fn violations(metadata: &Metadata, members: &Members<'_>) -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for member in members.iter() {
        violations.extend(inheritance::check(member, members)?);
        let Some(place) = member.place else {
            violations.push(Violation::new(
                member,
                "has no place in the table",
                "put the crate where the architecture has a place for it, or give its folder a row in \
                 xtask/src/check_deps/table.rs, with the reason",
            ));
            continue;
        };
        let row = table::row(place);
        violations.extend(workspace_members::check(member, &row, members));
        violations.extend(third_parties::check(member, &row, members));
        violations.extend(graph::check(member, &row, members, metadata)?);
    }
    Ok(violations)
}

fn metadata(manifest: &Path) -> Result<Metadata> {
    MetadataCommand::new()
        .manifest_path(manifest)
        .features(CargoOpt::AllFeatures)
        // Declared dependencies are listed for all platforms all the same; this one only keeps cargo from
        // downloading what other platforms need.
        .other_options(["--filter-platform".to_owned(), "host-tuple".to_owned()])
        .exec()
        .with_context(|| format!("cannot read the workspace of {}", manifest.display()))
}
