//! What members reach through the dependencies of their dependencies.

use std::collections::{BTreeSet, HashMap, VecDeque};

use anyhow::{Context as _, Result};
use cargo_metadata::{DependencyKind, Metadata, Node, PackageId};

use super::members::{Member, Members};
use super::table::Row;
use super::violation::Violation;

/// Finds the crates that the member must never reach behind the third parties that it may depend on.
///
/// What it declares itself is judged where it is declared, and other members are judged by rows of their own.
pub(crate) fn check(
    member: &Member<'_>,
    row: &Row,
    members: &Members<'_>,
    metadata: &Metadata,
) -> Result<Vec<Violation>> {
    if row.never.is_empty() {
        return Ok(Vec::new());
    }
    let resolve = metadata.resolve.as_ref().context("cargo has not resolved the dependencies")?;
    let nodes: HashMap<&PackageId, &Node> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let name = |id: &PackageId| metadata[id].name.as_str();

    let mut violations = Vec::new();
    let mut seen = BTreeSet::from([&member.package.id]);
    let mut to_visit = VecDeque::from([vec![&member.package.id]]);
    while let Some(path) = to_visit.pop_front() {
        let Some(node) = path.last().and_then(|last| nodes.get(last)) else { continue };
        let is_member = path.len() == 1;
        for dependency in node.deps.iter().filter(|dependency| {
            dependency.dep_kinds.iter().any(|kind| match kind.kind {
                DependencyKind::Normal => true,
                DependencyKind::Build => is_member,
                _ => false,
            })
        }) {
            let found = &dependency.pkg;
            if members.contains(found) || !seen.insert(found) {
                continue;
            }
            let mut path = path.clone();
            path.push(found);
            if !row.never(name(found)) {
                to_visit.push_back(path);
            } else if !is_member {
                let way: Vec<_> = path.iter().map(|id| name(id)).collect();
                let fault = format!("must not depend on {} (by {})", name(found), way.join(" → "));
                violations.push(Violation::new(member, fault, row.rule));
            }
        }
    }
    Ok(violations)
}
