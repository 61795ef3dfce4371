//! docs/security.md names files and tests. Each of them is there, and each requirement of the standard once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Requirements of levels 1 and 2 that OWASP ASVS 5.0.0 has in each chapter.
const REQUIREMENTS: [(u32, usize); 17] = [
    (1, 27),
    (2, 11),
    (3, 19),
    (4, 10),
    (5, 9),
    (6, 35),
    (7, 18),
    (8, 7),
    (9, 7),
    (10, 29),
    (11, 14),
    (12, 9),
    (13, 13),
    (14, 9),
    (15, 13),
    (16, 16),
    (17, 7),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What stands between backticks.
fn quoted(document: &str) -> impl Iterator<Item = &str> {
    document.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// Whether a quotation is the path of a file or a folder of the repository.
fn is_path(text: &str) -> bool {
    const FOLDERS: [&str; 7] = ["apps/", "crates/", "docs/", "fuzz/", "migrations/", "xtask/", ".github/"];
    const ENDS: [&str; 4] = [".md", ".toml", ".lock", ".yml"];
    let plain = |c: char| c.is_ascii_alphanumeric() || "./_-".contains(c);
    let has_form =
        FOLDERS.iter().any(|start| text.starts_with(start)) || ENDS.iter().any(|end| text.ends_with(end));
    has_form && text.chars().all(plain)
}

/// The test that a quotation names, as a file and a function.
fn as_test(text: &str) -> Option<(&str, &str)> {
    let (file, function) = text.split_once("::")?;
    let plain = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    (plain(file) && plain(function)).then_some((file, function))
}

/// Adds the tests of each file under a folder, by the file's name and by that of the folder it is in.
fn read_tests(folder: &Path, into: &mut BTreeMap<String, BTreeSet<String>>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                read_tests(&path, into)?;
            }
            continue;
        }
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let (mut is_test, mut tests) = (false, BTreeSet::new());
        for line in fs::read_to_string(&path)?.lines().map(str::trim_start) {
            if line.starts_with("#[test") || line.starts_with("#[tokio::test") {
                is_test = true;
            } else if let Some((_, name)) = line.split_once("fn ").filter(|_| is_test) {
                tests.extend(name.split('(').next().map(str::to_owned));
                is_test = false;
            }
        }
        let names = [path.file_stem(), path.parent().and_then(Path::file_name)];
        for name in names.into_iter().flatten() {
            into.entry(name.to_string_lossy().into_owned()).or_default().extend(tests.iter().cloned());
        }
    }
    Ok(())
}

fn document() -> io::Result<String> {
    fs::read_to_string(root().join("docs/security.md"))
}

#[test]
fn every_file_that_the_document_names_is_there() -> io::Result<()> {
    let document = document()?;
    let named: BTreeSet<&str> = quoted(&document).filter(|text| is_path(text)).collect();
    assert!(named.len() > 15, "{named:?}");
    let missing: Vec<_> = named.into_iter().filter(|path| !root().join(path).exists()).collect();
    assert!(missing.is_empty(), "named, and not there: {missing:?}");
    Ok(())
}

#[test]
fn every_test_that_the_document_names_is_there() -> io::Result<()> {
    let mut tests = BTreeMap::new();
    for folder in ["apps", "crates", "xtask"] {
        read_tests(&root().join(folder), &mut tests)?;
    }
    let document = document()?;
    let named: BTreeSet<_> = quoted(&document).filter_map(as_test).collect();
    assert!(named.len() > 60, "{named:?}");
    let missing: Vec<_> = named
        .into_iter()
        .filter(|(file, test)| !tests.get(*file).is_some_and(|known| known.contains(*test)))
        .collect();
    assert!(missing.is_empty(), "named, and not there: {missing:?}");
    Ok(())
}

/// The table adds up: each requirement has one row, each row a state, and the summary is what the rows say.
#[test]
fn every_requirement_has_one_row_and_is_counted() -> io::Result<()> {
    let document = document()?;
    let table = document.split("## OWASP ASVS").nth(1).expect("the table");
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let (mut rows, mut counts) = (BTreeMap::new(), BTreeMap::<(String, String), usize>::new());
    for row in table.lines().filter(|line| line.matches('.').count() >= 2).map(cells) {
        let numbers: Vec<u32> =
            row.get(1).into_iter().flat_map(|id| id.split('.')).flat_map(str::parse).collect();
        let [chapter, _, _] = numbers[..] else { continue };
        let [_, id, level, _, state, why, _] = &row[..] else { panic!("not five cells: {row:?}") };
        let state = state.trim_matches('*');
        assert!(
            ["1", "2"].contains(&level.as_str()) && ["met", "not met", "n/a"].contains(&state),
            "{row:?}"
        );
        assert!(!why.is_empty(), "{id} says no reason");
        assert!(rows.insert(id.clone(), chapter).is_none(), "{id} has two rows");
        *counts.entry((level.clone(), state.to_owned())).or_default() += 1;
    }
    for (chapter, expected) in REQUIREMENTS {
        let found = rows.values().filter(|of| **of == chapter).count();
        assert_eq!(found, expected, "rows of chapter {chapter}");
    }
    for level in ["1", "2"] {
        let told =
            ["met", "not met", "n/a"].map(|state| counts[&(level.to_owned(), state.to_owned())].to_string());
        let summary = format!("| {level} | {} |", told.join(" | "));
        assert!(table.contains(&summary), "the rows say {summary}");
    }
    Ok(())
}
