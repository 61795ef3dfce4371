//! Every link within the repository leads somewhere: to a file or a folder, and to a heading if it names one.
//!
//! Where other sites have gone is not asked: the answer would depend on the day.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::document::Document;

/// The links that lead nowhere, one a line.
pub(crate) fn check(root: &Path, documents: &BTreeMap<PathBuf, Document>) -> Vec<String> {
    let mut faults = Vec::new();
    for document in documents.values() {
        for link in document.links.iter().filter(|link| !is_elsewhere(&link.text)) {
            if let Err(why) = resolve(root, documents, document, &link.text) {
                let what = format!("the link to {} leads nowhere: {why}", link.text);
                faults.push(document.fault(link.line, &what));
            }
        }
    }
    faults
}

/// Whether a link begins with a scheme, such as `https:` or `mailto:`.
fn is_elsewhere(link: &str) -> bool {
    link.split_once(':').is_some_and(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_lowercase()))
}

fn resolve(
    root: &Path,
    documents: &BTreeMap<PathBuf, Document>,
    from: &Document,
    link: &str,
) -> Result<(), String> {
    let (target, heading) =
        link.split_once('#').map_or((link, None), |(target, heading)| (target, Some(heading)));
    let path = if target.is_empty() {
        from.path.clone()
    } else {
        let folder = from.path.parent().unwrap_or(Path::new(""));
        joined(folder, target).ok_or("it leaves the repository")?
    };
    if !root.join(&path).exists() {
        return Err(format!("there is no {}", path.display()));
    }
    let Some(heading) = heading else { return Ok(()) };
    let document = documents.get(&path).ok_or_else(|| format!("{} has no headings", path.display()))?;
    if document.headings.iter().any(|known| known.anchor == heading) {
        Ok(())
    } else {
        Err(format!("{} has no heading that is called so", path.display()))
    }
}

/// A path from the root, without `..`, if it leads to something within.
pub(crate) fn joined(folder: &Path, target: &str) -> Option<PathBuf> {
    let mut path = folder.to_owned();
    for component in Path::new(target).components() {
        match component {
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            Component::ParentDir => path.pop().then_some(())?,
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use anyhow::Result;

    use super::*;
    use crate::check_docs::tree;

    /// The faults of a repository in which docs/a.md has this text.
    fn faults(text: &str) -> Result<Vec<String>> {
        let root = tempfile::tempdir()?;
        fs::create_dir_all(root.path().join("docs/adr"))?;
        fs::write(root.path().join("README.md"), "# Jangteo\n\n## Run it\n")?;
        fs::write(root.path().join("Cargo.toml"), "")?;
        fs::write(root.path().join("docs/a.md"), text)?;
        Ok(check(root.path(), &tree::documents(root.path())?))
    }

    #[test]
    fn links_to_files_folders_headings_and_other_sites_pass() -> Result<()> {
        let right = "# A b\n\n[1](../README.md) [2](../README.md#run-it) [3](#a-b) [4](adr) [5](adr/) [6](../Cargo.toml)\n\
                     [7](https://example.com/nowhere#x) [8](mailto:a@example.com)\n";
        assert_eq!(faults(right)?, Vec::<String>::new());
        Ok(())
    }

    #[test]
    fn a_link_to_a_file_that_is_not_there_is_told_with_its_line() -> Result<()> {
        let told = ["docs/a.md:3: the link to b.md leads nowhere: there is no docs/b.md"];
        assert_eq!(faults("# A\n\n[b](b.md)\n")?, told);
        Ok(())
    }

    #[test]
    fn a_link_to_a_heading_that_is_not_there_is_told() -> Result<()> {
        let told = [
            "docs/a.md:1: the link to ../README.md#walk leads nowhere: README.md has no heading that is called so",
            "docs/a.md:1: the link to #b leads nowhere: docs/a.md has no heading that is called so",
        ];
        assert_eq!(faults("[a](../README.md#walk) [b](#b)\n")?, told);
        Ok(())
    }

    #[test]
    fn only_documents_have_headings() -> Result<()> {
        let told = ["docs/a.md:1: the link to ../Cargo.toml#L3 leads nowhere: Cargo.toml has no headings"];
        assert_eq!(faults("[a](../Cargo.toml#L3)\n")?, told);
        Ok(())
    }

    #[test]
    fn a_link_that_leaves_the_repository_is_told() -> Result<()> {
        for link in ["../../etc/passwd", "/etc/passwd"] {
            let told = format!("docs/a.md:1: the link to {link} leads nowhere: it leaves the repository");
            assert_eq!(faults(&format!("[a]({link})\n"))?, [told]);
        }
        Ok(())
    }

    #[test]
    fn a_reference_that_is_not_defined_is_told() -> Result<()> {
        let told = ["docs/a.md:1: the link to [b] leads nowhere: there is no docs/[b]"];
        assert_eq!(faults("[a][b]\n")?, told);
        Ok(())
    }
}
