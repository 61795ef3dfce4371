//! Mermaid, a program in JavaScript: what GitHub draws the diagrams with.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::program::{install_once, succeeds};

/// An installed Mermaid.
#[derive(Debug)]
pub(crate) struct Mermaid {
    node: PathBuf,
    script: PathBuf,
}

impl Mermaid {
    /// The version of `package-lock.json` in `settings`, in `folder`. What is there already is used, unless it is of another
    /// lock file.
    pub(crate) fn installed(settings: &Path, folder: &Path) -> Result<Self> {
        let copy = |name: &str| {
            fs::copy(settings.join(name), folder.join(name)).with_context(|| format!("cannot copy {name}"))
        };
        install_once(&settings.join("package-lock.json"), &folder.join("installed.json"), || {
            copy("package.json")?;
            copy("package-lock.json")?;
            let mut npm = Command::new("npm");
            npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
            succeeds(npm.current_dir(folder))
                .context("npm does not install Mermaid; on Debian and Ubuntu it is in nodejs and npm")
        })?;
        // Node looks for packages beside the script.
        copy("parse.mjs")?;
        Ok(Self { node: "node".into(), script: folder.join("parse.mjs") })
    }

    /// What is wrong with each of the diagrams; nothing if it parses.
    pub(crate) fn parse(&self, diagrams: &[&str]) -> Result<Vec<Option<String>>> {
        let mut node = Command::new(&self.node)
            .arg(&self.script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start node")?;
        // The script reads to the end of its input, which is where this is dropped, before it writes anything.
        let mut input = node.stdin.take().context("node has no input")?;
        input.write_all(&serde_json::to_vec(diagrams)?).context("node does not read the diagrams")?;
        drop(input);
        let output = node.wait_with_output()?;
        ensure!(output.status.success(), "{} failed: {}", self.script.display(), output.status);
        let said: Vec<Option<String>> =
            serde_json::from_slice(&output.stdout).context("the answer is not what parse.mjs writes")?;
        let (asked, answered) = (diagrams.len(), said.len());
        ensure!(asked == answered, "mermaid was asked about {asked} diagrams and answered about {answered}");
        Ok(said)
    }
}

#[cfg(all(test, unix))]
impl Mermaid {
    /// One that reads the diagrams and answers with this text, whatever they are.
    pub(crate) fn that_answers(folder: &Path, answer: &str) -> Result<Self> {
        fs::write(folder.join("answer"), answer)?;
        let script = folder.join("script");
        fs::write(&script, format!("cat >/dev/null; cat '{}'", folder.join("answer").display()))?;
        Ok(Self { node: "/bin/sh".into(), script })
    }
}
