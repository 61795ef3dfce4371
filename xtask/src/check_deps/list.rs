//! Holds docs/dependencies.md to its promise: it vets every direct dependency, and nothing else.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result};
use cargo_metadata::Metadata;

use super::direct::{self, Direct, Use};
use super::members::Members;

/// The list, from the root of the workspace.
pub(crate) const LIST: &str = "docs/dependencies.md";

/// What is wrong with the list of this workspace and of its fuzz targets, if it has some; one fault a line.
pub(crate) fn check(
    members: &Members<'_>,
    metadata: &Metadata,
    fuzz_targets: Option<&Metadata>,
) -> Result<Vec<String>> {
    let path = metadata.workspace_root.join(LIST);
    let text = fs::read_to_string(&path)
        .with_context(|| format!("cannot read {LIST}; every direct dependency has a row there"))?;
    let mut dependencies = direct::dependencies(members, metadata);
    for (name, direct) in fuzz_targets.into_iter().flat_map(direct::of_fuzz_targets) {
        // What the workspace uses as well stands where that belongs.
        dependencies.entry(name).or_insert(direct);
    }
    Ok(faults(&text, &dependencies))
}

/// A row of the list: `` | `crate` | licence | reason | ``.
#[derive(Debug)]
struct Row<'a> {
    name: &'a str,
    licence: &'a str,
    reason: &'a str,
    listed: Use,
}

fn heading(used: Use) -> &'static str {
    match used {
        Use::Server => "## In the server",
        Use::Tools => "## In tools only",
        Use::Tests => "## In tests only",
        Use::Fuzzing => "## In fuzzing only",
    }
}

fn faults(text: &str, dependencies: &BTreeMap<&str, Direct<'_>>) -> Vec<String> {
    let rows = rows(text);
    let mut faults = Vec::new();
    for (name, direct) in dependencies {
        let right = heading(direct.used);
        match rows.iter().filter(|row| row.name == *name).collect::<Vec<_>>()[..] {
            [] => faults.push(format!(
                "{name} is missing; if it is to stay, give it a row under `{right}`, with its licence and the reason"
            )),
            [row] => faults.extend(wrong(row, direct)),
            _ => faults.push(format!("{name} is listed more than once; it belongs under `{right}`")),
        }
    }
    let gone = rows.iter().filter(|row| !dependencies.contains_key(row.name));
    faults.extend(gone.map(|row| format!("{} is listed, but no member depends on it directly", row.name)));
    faults
}

/// What is wrong with the only row of a dependency.
fn wrong(row: &Row<'_>, direct: &Direct<'_>) -> Vec<String> {
    let Row { name, licence, reason, listed } = row;
    let mut faults = Vec::new();
    if *listed != direct.used {
        let (listed, right) = (heading(*listed), heading(direct.used));
        faults.push(format!("{name} stands under `{listed}`, but belongs under `{right}`"));
    }
    if let Some(stated) = direct.licence
        && stated != *licence
    {
        faults.push(format!("{name} is listed under the licence {licence:?}, but states {stated:?}"));
    }
    if reason.is_empty() {
        faults.push(format!("{name} is listed without a reason"));
    }
    faults
}

/// The rows under the four headings; other parts of the document may have tables of their own.
fn rows(text: &str) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    let mut part = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with("## ") {
            part = [Use::Server, Use::Tools, Use::Tests, Use::Fuzzing]
                .into_iter()
                .find(|used| heading(*used) == line);
        } else if let Some(listed) = part
            && let Some((name, rest)) = line.strip_prefix("| `").and_then(|rest| rest.split_once('`'))
        {
            let mut cells = rest.split('|').skip(1).map(str::trim);
            let (licence, reason) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
            rows.push(Row { name, licence, reason, listed });
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Dependencies\n\n## In the server\n\n| crate | licence | reason |\n|---|---|---|\n\
                        | `serde` | MIT | Reads JSON. |\n\n## In tools only\n\n| `clap` | MIT | Reads arguments. |\n\
                        \n## In tests only\n\n| `proptest` | MIT | Draws sequences. |\n\
                        \n## In fuzzing only\n\n| `libfuzzer-sys` | NCSA | Makes bytes up. |\n\
                        \n## Refused\n\n| `openssl` | Apache-2.0 | Is the machine's. |\n";

    fn dependencies() -> BTreeMap<&'static str, Direct<'static>> {
        let licence = |used| if used == Use::Fuzzing { "NCSA" } else { "MIT" };
        let direct = |used| Direct { used, licence: Some(licence(used)) };
        let used = [
            ("serde", Use::Server),
            ("clap", Use::Tools),
            ("proptest", Use::Tests),
            ("libfuzzer-sys", Use::Fuzzing),
        ];
        used.into_iter().map(|(name, used)| (name, direct(used))).collect()
    }

    /// The one fault of a list in which a part of the text was replaced.
    fn fault(old: &str, new: &str) -> String {
        assert!(TEXT.contains(old), "{old}");
        let mut faults = faults(&TEXT.replace(old, new), &dependencies());
        assert_eq!(faults.len(), 1, "{faults:?}");
        faults.remove(0)
    }

    #[test]
    fn a_list_of_just_what_is_used_passes() {
        assert_eq!(faults(TEXT, &dependencies()), Vec::<String>::new());
    }

    #[test]
    fn a_dependency_without_a_row_is_told_with_the_place_for_it() {
        let told = fault("| `clap` | MIT | Reads arguments. |\n", "");
        assert!(told.starts_with("clap is missing") && told.contains("`## In tools only`"), "{told}");
    }

    #[test]
    fn what_was_refused_is_not_listed_and_a_mention_in_prose_is_no_row() {
        let told = fault("| `proptest` | MIT | Draws sequences. |", "There was `proptest`.");
        assert!(told.starts_with("proptest is missing"), "{told}");
    }

    #[test]
    fn a_row_of_what_is_gone_is_told() {
        let told = fault("| `serde` |", "| `rand` | MIT | Draws. |\n| `serde` |");
        assert_eq!(told, "rand is listed, but no member depends on it directly");
    }

    #[test]
    fn a_second_row_is_told() {
        let told = fault("| `clap` |", "| `serde` | MIT | Again. |\n| `clap` |");
        assert!(told.starts_with("serde is listed more than once"), "{told}");
    }

    #[test]
    fn a_row_in_the_wrong_part_is_told() {
        let told = fault("## In tools only\n", "");
        assert_eq!(told, "clap stands under `## In the server`, but belongs under `## In tools only`");
    }

    #[test]
    fn a_licence_that_is_not_what_the_crate_states_is_told() {
        let told = fault("| `serde` | MIT |", "| `serde` | Zlib |");
        assert_eq!(told, "serde is listed under the licence \"Zlib\", but states \"MIT\"");
    }

    #[test]
    fn a_licence_that_is_not_known_here_is_taken_as_it_is_listed() {
        let mut dependencies = dependencies();
        dependencies.insert("serde", Direct { used: Use::Server, licence: None });
        assert_eq!(faults(TEXT, &dependencies), Vec::<String>::new());
    }

    #[test]
    fn a_row_without_a_reason_is_told() {
        assert_eq!(fault(" Reads JSON. |", " |"), "serde is listed without a reason");
    }
}
