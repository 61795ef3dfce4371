//! What members declare to depend on among third parties.

use cargo_metadata::{Dependency, DependencyKind};

use super::members::{Member, Members};
use super::table::{AllowedFeatures, Row};
use super::violation::Violation;

/// Compares the member's dependencies on third parties with its row; those of its tests are free.
pub(crate) fn check(member: &Member<'_>, row: &Row, members: &Members<'_>) -> Vec<Violation> {
    let declared = member.package.dependencies.iter();
    declared
        .filter(|dependency| dependency.kind != DependencyKind::Development)
        .filter(|dependency| members.meant_by(dependency).is_none())
        .filter_map(|dependency| fault(member, row, dependency))
        .map(|fault| Violation::new(member, fault, row.rule))
        .collect()
}

fn fault(member: &Member<'_>, row: &Row, dependency: &Dependency) -> Option<String> {
    let name = &dependency.name;
    if row.never(name) {
        return Some(format!("must not depend on {name}"));
    }
    let Some(terms) = row.third_parties.terms(name) else {
        return Some(format!(
            "must not depend on {name}, which is not in the list of its place in xtask/src/check_deps/table.rs"
        ));
    };
    match terms {
        AllowedFeatures::Any => None,
        AllowedFeatures::Only(allowed) => {
            let too_many: Vec<_> = features_asked_for(member, dependency)
                .into_iter()
                .filter(|feature| !allowed.contains(&feature.as_str()))
                .collect();
            (!too_many.is_empty()).then(|| {
                format!(
                    "may depend on {name} with the features {} only, and asks for {}",
                    allowed.join(" and "),
                    too_many.join(", ")
                )
            })
        }
    }
}

/// The features of a dependency that a member turns on, always or by a feature of its own.
fn features_asked_for(member: &Member<'_>, dependency: &Dependency) -> Vec<String> {
    let key = dependency.rename.as_ref().unwrap_or(&dependency.name);
    let mut features = dependency.features.clone();
    if dependency.uses_default_features {
        features.push("default".to_owned());
    }
    for forwarded in member.package.features.values().flatten() {
        if let Some((target, feature)) = forwarded.split_once('/')
            && target.trim_end_matches('?') == key
        {
            features.push(feature.to_owned());
        }
    }
    features
}
