//! Schemathesis, a program in Python.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::shop::Shop;
use crate::program::succeeds;
use crate::python;

/// An installed Schemathesis, and how it is to test.
#[derive(Debug)]
pub(crate) struct Schemathesis {
    /// Where its configuration and its hooks are.
    settings: PathBuf,
    /// Where it may leave what it likes.
    folder: PathBuf,
    program: PathBuf,
}

impl Schemathesis {
    /// The version of `requirements.txt` in `settings`, in an environment of its own in `folder`.
    pub(crate) fn installed(settings: &Path, folder: &Path) -> Result<Self> {
        let environment = python::environment(&settings.join("requirements.txt"), &folder.join("python"))?;
        Ok(Self { settings: settings.to_owned(), folder: folder.to_owned(), program: environment.join("st") })
    }

    /// Tests the shop as somebody, with so many examples at most, and has the answers counted in a file.
    pub(crate) fn run(&self, shop: &Shop, role: &str, examples: u32, counted: &Path) -> Result<()> {
        let mut run = Command::new(&self.program);
        run.arg("--config-file").arg(self.settings.join("schemathesis.toml"));
        run.arg("run").arg(format!("{}/openapi.json", shop.url()));
        run.args(["--max-examples", &examples.to_string()]);
        run.current_dir(&self.folder)
            // The hooks are a module. Nothing is written beside them.
            .env("PYTHONPATH", &self.settings)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("JANGTEO_SHOP", shop.url())
            .env("JANGTEO_ROLE", role)
            .env("JANGTEO_TALLY", counted);
        succeeds(&mut run)
            .with_context(|| format!("what was asked as {role} was not answered as it should be"))
    }
}
