//! What the workspace takes from third parties directly, and where it ends up.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{Dependency, DependencyKind, Metadata};

use super::members::{Member, Members};
use super::place::Place;

/// The folder of the server.
const SERVER: &str = "apps/api";

/// Where a third party ends up, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Use {
    /// Only in the fuzz targets, which are a workspace of their own.
    Fuzzing,
    /// Only in what tests are built from.
    Tests,
    /// In a tool of the developers, but not in the server.
    Tools,
    /// In what is delivered, or in building it.
    Server,
}

/// A third party that a member declares to depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Direct<'a> {
    /// The most that it is used for.
    pub(crate) used: Use,
    /// The licence that it states, if it is known on this platform.
    pub(crate) licence: Option<&'a str>,
}

/// Every direct dependency on a third party, by name.
pub(crate) fn dependencies<'a>(
    members: &Members<'a>,
    metadata: &'a Metadata,
) -> BTreeMap<&'a str, Direct<'a>> {
    let server = built_from(members, |member| member.folder == SERVER);
    let tools = built_from(members, |member| matches!(member.place, Some(Place::App | Place::Xtask)));
    let mut found = BTreeMap::<&str, Direct<'_>>::new();
    for member in members.iter() {
        let most = if server.contains(member.folder.as_str()) {
            Use::Server
        } else if tools.contains(member.folder.as_str()) {
            Use::Tools
        } else {
            Use::Tests
        };
        for dependency in &member.package.dependencies {
            if members.meant_by(dependency).is_some() {
                continue;
            }
            let used = if is_for_tests(dependency) { Use::Tests } else { most };
            found
                .entry(dependency.name.as_str())
                .and_modify(|direct| direct.used = direct.used.max(used))
                .or_insert_with(|| Direct { used, licence: licence(dependency, metadata) });
        }
    }
    found
}

/// Every direct dependency of the fuzz targets on a third party. What they call is a member of the main workspace.
pub(crate) fn of_fuzz_targets(metadata: &Metadata) -> BTreeMap<&str, Direct<'_>> {
    let declared = metadata.workspace_packages().into_iter().flat_map(|package| &package.dependencies);
    let third_parties = declared.filter(|dependency| dependency.path.is_none());
    let direct = |dependency| Direct { used: Use::Fuzzing, licence: licence(dependency, metadata) };
    third_parties.map(|dependency| (dependency.name.as_str(), direct(dependency))).collect()
}

/// The folders of some members and of all that these are built from, tests aside.
fn built_from<'m>(members: &'m Members<'_>, is_root: impl Fn(&Member<'_>) -> bool) -> BTreeSet<&'m str> {
    let mut found = BTreeSet::new();
    let mut to_visit: Vec<_> = members.iter().filter(|member| is_root(member)).collect();
    while let Some(member) = to_visit.pop() {
        if found.insert(member.folder.as_str()) {
            let declared = member.package.dependencies.iter().filter(|dependency| !is_for_tests(dependency));
            to_visit.extend(declared.filter_map(|dependency| members.meant_by(dependency)));
        }
    }
    found
}

fn is_for_tests(dependency: &Dependency) -> bool {
    dependency.kind == DependencyKind::Development
}

/// What the package says that was chosen for a dependency. One for another platform has no package here.
fn licence<'a>(dependency: &Dependency, metadata: &'a Metadata) -> Option<&'a str> {
    let mut packages = metadata.packages.iter();
    let chosen =
        packages.find(|package| *package.name == dependency.name && dependency.req.matches(&package.version));
    chosen?.license.as_deref()
}
