//! What members declare to depend on among themselves.

use cargo_metadata::{Dependency, DependencyKind};

use super::members::{Member, Members};
use super::table::Row;
use super::violation::Violation;

/// Compares the member's dependencies on other members with its row.
pub(crate) fn check(member: &Member<'_>, row: &Row, members: &Members<'_>) -> Vec<Violation> {
    let declared = member.package.dependencies.iter();
    declared
        .filter_map(|dependency| {
            let other = members.meant_by(dependency)?;
            if row.may_know(other.place) {
                return None;
            }
            let name = &other.package.name;
            let fault = match dependency.kind {
                DependencyKind::Development
                    if other.place.is_some_and(|place| row.tests_may_use.contains(&place)) =>
                {
                    if is_path_only(dependency) {
                        return None;
                    }
                    format!(
                        "must declare its development dependency {name} by path only, without a version and \
                         without `workspace = true`"
                    )
                }
                DependencyKind::Development
                    if other.place.is_some_and(|place| row.examples_may_use.contains(&place)) =>
                {
                    if !is_path_only(dependency) {
                        return None;
                    }
                    format!(
                        "must declare its development dependency {name} with `workspace = true`: a published example \
                         needs it"
                    )
                }
                DependencyKind::Development => format!("must not depend on {name}, not even in its tests"),
                _ => format!("must not depend on {name}"),
            };
            Some(Violation::new(member, fault, row.rule))
        })
        .collect()
}

/// Whether the declaration has no version, so that it vanishes from what is published.
pub(crate) fn is_path_only(dependency: &Dependency) -> bool {
    dependency.path.is_some() && dependency.req.comparators.is_empty()
}
