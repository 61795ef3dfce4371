//! Each of the twenty hard cases of the requirements has a test that bears its number in its name or its description.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, io};

/// The numbers in a text that begins with them, such as `2_and_3_a_coupon` or ` 2 and 3: a coupon`.
fn leading_numbers(text: &str) -> impl Iterator<Item = u32> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && *word != "and")
        .map_while(|word| word.parse().ok())
}

/// The hard cases that a line names.
fn named(line: &str) -> BTreeSet<u32> {
    let marks = ["hard_case_", "hard_cases_", "Hard case ", "Hard cases "];
    marks.iter().flat_map(|mark| line.split(mark).skip(1)).flat_map(leading_numbers).collect()
}

/// Adds the hard cases that the tests of a file name. `all` takes every function for a test.
fn read(source: &str, all: bool, into: &mut BTreeMap<u32, usize>) {
    let (mut cases, mut is_test) = (BTreeSet::new(), all);
    for line in source.lines().map(str::trim_start) {
        let is_function =
            line.split('(').next().is_some_and(|start| start.split(' ').any(|word| word == "fn"));
        if line.starts_with("///") {
            cases.extend(named(line));
        } else if line.starts_with("#[") {
            is_test |= line.starts_with("#[test") || line.starts_with("#[tokio::test");
        } else {
            if is_function && is_test {
                cases.extend(named(line));
                for case in &cases {
                    *into.entry(*case).or_default() += 1;
                }
            }
            (cases, is_test) = (BTreeSet::new(), all);
        }
    }
}

fn read_all(folder: &Path, into: &mut BTreeMap<u32, usize>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target" && name != ".git") {
                read_all(&path, into)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            // The cases of the conformance suite are tests without the attribute.
            let all = path.components().any(|part| part.as_os_str() == "cases");
            read(&fs::read_to_string(&path)?, all, into);
        }
    }
    Ok(())
}

#[test]
fn each_hard_case_has_a_test() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut tests = BTreeMap::new();
    for folder in ["apps", "crates"] {
        read_all(&root.join(folder), &mut tests)?;
    }
    let missing: Vec<u32> = (1..=20).filter(|case| !tests.contains_key(case)).collect();
    assert!(missing.is_empty(), "hard cases without a test: {missing:?}; found {tests:?}");
    Ok(())
}

#[test]
fn a_number_counts_in_the_name_or_the_description_of_a_test() {
    let source = "
        /// Hard cases 2 and 3: a coupon larger than its base.
        #[test]
        fn a_coupon() {}
        /// Hard case 4: no test.
        fn helper() {}
        #[tokio::test(flavor = \"multi_thread\")]
        async fn hard_case_11_retry() { 5 }
    ";
    let mut tests = BTreeMap::new();
    read(source, false, &mut tests);
    assert_eq!(tests.into_keys().collect::<Vec<_>>(), [2, 3, 11]);
}
