//! The members of a workspace, each at its place.

use cargo_metadata::camino::Utf8Path;
use cargo_metadata::{Dependency, Metadata, Package, PackageId};

use super::place::Place;

/// A crate of the workspace.
#[derive(Debug)]
pub(crate) struct Member<'a> {
    pub(crate) package: &'a Package,
    /// From the root of the workspace, with `/` between its parts.
    pub(crate) folder: String,
    /// None if the architecture has no place for the folder.
    pub(crate) place: Option<Place>,
}

impl<'a> Member<'a> {
    fn new(package: &'a Package, root: &Utf8Path) -> Self {
        let home = home(package);
        let parts: Vec<_> = home.strip_prefix(root).unwrap_or(home).iter().collect();
        let folder = parts.join("/");
        Self { package, place: Place::of(&folder), folder }
    }
}

/// Every crate of the workspace.
#[derive(Debug)]
pub(crate) struct Members<'a>(Vec<Member<'a>>);

impl<'a> Members<'a> {
    pub(crate) fn of(metadata: &'a Metadata) -> Self {
        let packages = metadata.workspace_packages();
        Self(packages.into_iter().map(|package| Member::new(package, &metadata.workspace_root)).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Member<'a>> {
        self.0.iter()
    }

    /// The member that a declared dependency means, if it means one.
    pub(crate) fn meant_by(&self, dependency: &Dependency) -> Option<&Member<'a>> {
        let path = dependency.path.as_deref()?;
        self.iter().find(|member| home(member.package) == path)
    }

    /// Whether a resolved package is a member.
    pub(crate) fn contains(&self, package: &PackageId) -> bool {
        self.iter().any(|member| member.package.id == *package)
    }
}

/// The folder of a package's manifest.
fn home(package: &Package) -> &Utf8Path {
    package.manifest_path.parent().unwrap_or(&package.manifest_path)
}
