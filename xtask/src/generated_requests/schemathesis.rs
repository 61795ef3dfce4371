//! Schemathesis, a program in Python.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::shop::Shop;

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
    /// The version of `requirements.txt` in `settings`, in an environment of its own in `folder`. What is there already is
    /// used, unless it is of other requirements.
    pub(crate) fn installed(settings: &Path, folder: &Path) -> Result<Self> {
        let environment = folder.join("python");
        let requirements = settings.join("requirements.txt");
        let wanted = fs::read_to_string(&requirements)
            .with_context(|| format!("cannot read {}", requirements.display()))?;
        // Written last, so that a broken-off installation is none.
        let installed = environment.join("installed.txt");
        if fs::read_to_string(&installed).ok().as_ref() != Some(&wanted) {
            let mut make = Command::new("python3");
            succeeds(make.args(["-m", "venv", "--clear"]).arg(&environment))
                .context("Python makes no environment; on Debian and Ubuntu it needs python3-venv")?;
            let mut install = Command::new(environment.join("bin").join("python"));
            let pip =
                ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"];
            succeeds(install.args(pip).arg(&requirements))?;
            fs::write(&installed, wanted).with_context(|| format!("cannot write {}", installed.display()))?;
        }
        let program = environment.join("bin").join("st");
        Ok(Self { settings: settings.to_owned(), folder: folder.to_owned(), program })
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

fn succeeds(command: &mut Command) -> Result<()> {
    let program = command.get_program().display().to_string();
    let status = command.status().with_context(|| format!("cannot start {program}"))?;
    ensure!(status.success(), "{program} failed: {status}");
    Ok(())
}
