//! What a registry shows of a crate.

use cargo_metadata::Package;

/// What the manifest does not say, one fault a line.
pub(crate) fn faults(package: &Package) -> Vec<String> {
    let said = [
        ("description", package.description.is_some()),
        ("readme", package.readme.is_some()),
        ("rust-version", package.rust_version.is_some()),
        ("keywords", !package.keywords.is_empty()),
        ("categories", !package.categories.is_empty()),
    ];
    let missing = said.iter().filter(|(_, said)| !said);
    missing.map(|(field, _)| format!("{}: its manifest has no {field}", package.name)).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use anyhow::Result;
    use cargo_metadata::MetadataCommand;

    use super::*;

    /// The faults of a crate whose manifest has these lines.
    fn faults_of(lines: &str) -> Result<Vec<String>> {
        let folder = tempfile::tempdir()?;
        let manifest = folder.path().join("Cargo.toml");
        fs::create_dir(folder.path().join("src"))?;
        fs::write(folder.path().join("src/lib.rs"), "")?;
        fs::write(
            &manifest,
            format!("[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{lines}"),
        )?;
        let metadata = MetadataCommand::new().manifest_path(&manifest).no_deps().exec()?;
        Ok(metadata.packages.iter().flat_map(faults).collect())
    }

    #[test]
    fn a_crate_that_says_everything_passes() -> Result<()> {
        let all = "description = \"A\"\nreadme = \"README.md\"\nrust-version = \"1.95\"\nkeywords = [\"a\"]\n\
                   categories = [\"finance\"]\n";
        assert_eq!(faults_of(all)?, Vec::<String>::new());
        Ok(())
    }

    #[test]
    fn each_field_that_is_missing_is_named() -> Result<()> {
        let told = ["readme", "rust-version", "keywords", "categories"];
        let told = told.map(|field| format!("a: its manifest has no {field}"));
        assert_eq!(faults_of("description = \"A\"\n")?, told);
        Ok(())
    }
}
