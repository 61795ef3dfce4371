//! Every seed of the fuzzers is a test.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use jangteo_fuzz_properties::ALL;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// The names in a folder, without what comes after a dot.
fn names(folder: &str) -> io::Result<BTreeSet<String>> {
    let entries = fs::read_dir(fuzz().join(folder))?;
    entries
        .map(|entry| Ok(entry?.path().file_stem().unwrap_or_default().to_string_lossy().into_owned()))
        .collect()
}

#[test]
fn every_property_has_a_fuzz_target_and_seeds_and_the_other_way_round() -> io::Result<()> {
    let properties: BTreeSet<String> = ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("fuzz_targets")?, properties);
    assert_eq!(names("seeds")?, properties);
    Ok(())
}

#[test]
fn every_seed_holds() {
    for (name, holds) in ALL {
        let seeds = fs::read_dir(fuzz().join("seeds").join(name)).expect("the folder is there");
        let mut some = false;
        for seed in seeds {
            let seed = seed.unwrap().path();
            // Named before it is tried: a seed that fails is told by it.
            println!("{}", seed.display());
            holds(&fs::read(&seed).unwrap());
            some = true;
        }
        assert!(some, "{name} has no seeds");
    }
}
