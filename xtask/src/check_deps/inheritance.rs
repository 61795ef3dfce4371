//! What members must inherit from the workspace instead of declaring it themselves.

use std::fs;

use anyhow::{Context as _, Result};
use cargo_metadata::DependencyKind;
use config::{Config, File, FileFormat};
use serde_json::Value;

use super::members::{Member, Members};
use super::violation::Violation;
use super::workspace_members::is_path_only;

const DEPENDENCY_TABLES: [(&str, DependencyKind); 3] = [
    ("dependencies", DependencyKind::Normal),
    ("build-dependencies", DependencyKind::Build),
    ("dev-dependencies", DependencyKind::Development),
];

/// Reads the member's manifest for lints, a licence or versions of its own.
pub(crate) fn check(member: &Member<'_>, members: &Members<'_>) -> Result<Vec<Violation>> {
    let manifest = manifest(member)?;
    let mut violations = Vec::new();
    if !inherits(&manifest["lints"]) {
        violations.push(Violation::new(
            member,
            "does not inherit the lints",
            "every member has `[lints]` with `workspace = true`",
        ));
    }
    if !inherits(&manifest["package"]["license"]) {
        violations.push(Violation::new(
            member,
            "does not inherit the licence",
            "every member has `license.workspace = true`",
        ));
    }
    for (key, kind) in own_dependencies(&manifest) {
        let mut declared = member.package.dependencies.iter();
        let is_test_only_member = declared.any(|dependency| {
            dependency.rename.as_ref().unwrap_or(&dependency.name) == key
                && dependency.kind == DependencyKind::Development
                && dependency.kind == kind
                && is_path_only(dependency)
                && members.meant_by(dependency).is_some()
        });
        if !is_test_only_member {
            violations.push(Violation::new(
                member,
                format!("declares {key} by itself"),
                "versions and paths stand in [workspace.dependencies] only; a member says `workspace = true`",
            ));
        }
    }
    Ok(violations)
}

/// The dependencies that are not inherited: the name in the manifest and the kind.
fn own_dependencies(manifest: &Value) -> Vec<(&str, DependencyKind)> {
    let for_some_targets = manifest["target"].as_object().into_iter().flat_map(|targets| targets.values());
    std::iter::once(manifest)
        .chain(for_some_targets)
        .flat_map(|section| DEPENDENCY_TABLES.map(|(table, kind)| (&section[table], kind)))
        .filter_map(|(table, kind)| Some((table.as_object()?, kind)))
        .flat_map(|(table, kind)| table.iter().map(move |(key, value)| (key.as_str(), value, kind)))
        .filter(|(_, value, _)| !inherits(value))
        .map(|(key, _, kind)| (key, kind))
        .collect()
}

fn inherits(value: &Value) -> bool {
    value["workspace"].as_bool() == Some(true)
}

/// The manifest as it is written. `cargo metadata` tells what came of it, but no longer what was inherited.
///
/// It is read with `config`, by which the shop reads its own TOML.
fn manifest(member: &Member<'_>) -> Result<Value> {
    let path = &member.package.manifest_path;
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    Config::builder()
        .add_source(File::from_str(&text, FileFormat::Toml))
        .build()
        .and_then(Config::try_deserialize)
        .with_context(|| format!("cannot understand {path}"))
}
