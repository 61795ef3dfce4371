//! A decision record has the sections that CONTRIBUTING.md names, a row in the list, and names files that are there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pulldown_cmark::HeadingLevel;

use super::document::{Document, Heading};
use super::links;

/// The folder of the records, and the list of them in it.
const FOLDER: &str = "docs/adr";
const LIST: &str = "docs/adr/README.md";

const SECTIONS: [&str; 7] =
    ["Status", "Context", "Decision", "Alternatives considered", "Consequences", WHERE, "Source"];

/// The section whose quotations are held to the tree.
const WHERE: &str = "Where it lives";

/// What is wrong with the records, one fault a line.
pub(crate) fn check(root: &Path, documents: &BTreeMap<PathBuf, Document>) -> Vec<String> {
    let listed: BTreeSet<PathBuf> = documents
        .get(Path::new(LIST))
        .into_iter()
        .flat_map(|list| &list.links)
        .filter_map(|link| links::joined(Path::new(FOLDER), &link.text))
        .collect();
    let mut faults = Vec::new();
    for record in documents.values().filter(|document| is_record(&document.path)) {
        if !listed.contains(&record.path) {
            faults.push(record.fault(1, &format!("{LIST} does not list it")));
        }
        let sections: Vec<&Heading> =
            record.headings.iter().filter(|heading| heading.level == HeadingLevel::H2).collect();
        if !sections.iter().map(|heading| &*heading.text).eq(SECTIONS) {
            let wanted = SECTIONS.join(", ");
            faults.push(record.fault(1, &format!("its sections have to be {wanted}, in this order")));
        }
        faults.extend(missing(root, record, &sections));
    }
    faults
}

fn is_record(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.parent() == Some(Path::new(FOLDER)) && name.starts_with("ADR-")
}

/// The files that a record names and that are not there. A name that does not lead there from the root may do so from a
/// folder that another one of the section is in.
fn missing(root: &Path, record: &Document, sections: &[&Heading]) -> Vec<String> {
    let after = sections.iter().skip_while(|section| section.text != WHERE).map(|section| section.line);
    let [start, end] = match after.take(2).collect::<Vec<_>>()[..] {
        [start, end] => [start, end],
        [start] => [start, usize::MAX],
        _ => return Vec::new(),
    };
    let named: Vec<(usize, String)> = record
        .quotations
        .iter()
        .filter(|quotation| (start..end).contains(&quotation.line) && is_path(&quotation.text))
        .flat_map(|quotation| spelt_out(&quotation.text).into_iter().map(|path| (quotation.line, path)))
        .collect();
    let (there, elsewhere): (Vec<_>, Vec<_>) =
        named.into_iter().partition(|(_, path)| root.join(path).exists());
    let near: BTreeSet<&Path> = there.iter().flat_map(|(_, path)| Path::new(path).ancestors()).collect();
    elsewhere
        .into_iter()
        .filter(|(_, path)| !near.iter().any(|folder| root.join(folder).join(path).exists()))
        .map(|(line, path)| record.fault(line, &format!("there is no {path}")))
        .collect()
}

/// Whether a quotation is a path, or the name of a file of code; others are types, settings and routes.
fn is_path(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "./_-{,}".contains(c);
    let is_code = Path::new(text).extension().is_some_and(|extension| extension == "rs");
    text.chars().all(plain) && !text.starts_with('/') && (text.contains('/') || is_code)
}

/// `src/{a,b}.rs` is `src/a.rs` and `src/b.rs`.
fn spelt_out(path: &str) -> Vec<String> {
    let parts = path
        .split_once('{')
        .and_then(|(before, rest)| rest.split_once('}').map(|(names, after)| (before, names, after)));
    match parts {
        Some((before, names, after)) => {
            names.split(',').map(|name| format!("{before}{name}{after}")).collect()
        }
        None => vec![path.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use anyhow::Result;

    use super::*;
    use crate::check_docs::tree;

    const RECORD: &str = "# ADR-001: It\n\n## Status\n## Context\n## Decision\nIn `crates/a/nowhere.rs` once.\n\
                          ## Alternatives considered\n## Consequences\n## Where it lives\n\
                          `crates/a/src/lib.rs` and `one.rs`, `crates/a/src/{one,two}.rs`; `Money`, `a::b`, `/orders`.\n\
                          ## Source\n";

    /// The faults of a repository with one record, made of the right one by a replacement, and a list of it.
    fn faults(old: &str, new: &str, list: &str) -> Result<Vec<String>> {
        assert!(RECORD.contains(old), "{old}");
        let root = tempfile::tempdir()?;
        for folder in [FOLDER, "crates/a/src"] {
            fs::create_dir_all(root.path().join(folder))?;
        }
        for file in ["lib.rs", "one.rs", "two.rs"] {
            fs::write(root.path().join("crates/a/src").join(file), "")?;
        }
        fs::write(root.path().join("docs/adr/ADR-001-it.md"), RECORD.replacen(old, new, 1))?;
        fs::write(root.path().join(LIST), list)?;
        Ok(check(root.path(), &tree::documents(root.path())?))
    }

    const LISTED: &str = "[001](ADR-001-it.md)\n";

    #[test]
    fn a_record_with_all_sections_and_no_wrong_path_passes() -> Result<()> {
        assert_eq!(faults("", "", LISTED)?, Vec::<String>::new());
        Ok(())
    }

    #[test]
    fn a_record_without_one_of_the_sections_is_told() -> Result<()> {
        for section in SECTIONS.iter().filter(|section| **section != WHERE) {
            let faults = faults(&format!("## {section}\n"), "", LISTED)?;
            assert_eq!(faults.len(), 1, "{section}: {faults:?}");
            assert!(faults[0].starts_with("docs/adr/ADR-001-it.md:1: its sections have to be"), "{faults:?}");
        }
        assert_eq!(faults("## Where it lives\n", "", LISTED)?.len(), 1);
        Ok(())
    }

    #[test]
    fn sections_in_another_order_are_told() -> Result<()> {
        assert_eq!(faults("## Status\n## Context\n", "## Context\n## Status\n", LISTED)?.len(), 1);
        Ok(())
    }

    #[test]
    fn a_path_that_is_not_there_is_told_with_its_line() -> Result<()> {
        for (old, new, named) in [
            ("`crates/a/src/lib.rs`", "`crates/a/src/main.rs`", "crates/a/src/main.rs"),
            ("`one.rs`", "`three.rs`", "three.rs"),
            ("{one,two}", "{one,three}", "crates/a/src/three.rs"),
        ] {
            let told = format!("docs/adr/ADR-001-it.md:10: there is no {named}");
            assert_eq!(faults(old, new, LISTED)?, [told]);
        }
        Ok(())
    }

    #[test]
    fn a_record_that_is_not_listed_is_told() -> Result<()> {
        let told = ["docs/adr/ADR-001-it.md:1: docs/adr/README.md does not list it"];
        assert_eq!(faults("", "", "[002](ADR-002-other.md)\n")?, told);
        Ok(())
    }
}
