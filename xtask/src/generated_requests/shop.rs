//! A throw-away shop on an embedded database.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

/// A server of its own; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Shop {
    child: Child,
    url: String,
}

impl Shop {
    /// Opens a shop with the data of the demo in a folder, which is emptied before. The folder and the server's log in it
    /// stay, for whoever wants to know why something failed.
    pub(crate) fn open(server: &Path, folder: &Path) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
        }
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let demo = command(server, folder, "demo")?.status().context("cannot start the server")?;
        ensure!(demo.success(), "`jangteo demo` failed: {demo}; its log is {}", log(folder).display());
        let child = command(server, folder, "serve")?.stdout(Stdio::piped()).spawn();
        let mut shop = Self { child: child.context("cannot start the server")?, url: String::new() };
        let said = shop.child.stdout.take().context("the server has no output")?;
        for line in BufReader::new(said).lines() {
            if let Some((_, url)) = line?.split_once(" is listening on ") {
                url.clone_into(&mut shop.url);
                return Ok(shop);
            }
        }
        bail!("the server ended before it listened; its log is {}", log(folder).display())
    }

    /// Where it listens, without a slash at the end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        // One that has ended already is what was wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn log(folder: &Path) -> PathBuf {
    folder.join("log")
}

/// Limits are off that would refuse so many requests of one client, and passwords cost next to nothing.
fn command(server: &Path, folder: &Path, subcommand: &str) -> Result<Command> {
    let log = log(folder);
    let file = File::options().create(true).append(true).open(&log);
    let file = file.with_context(|| format!("cannot write {}", log.display()))?;
    let mut command = Command::new(server);
    command
        .arg(subcommand)
        .current_dir(folder)
        .env("JANGTEO__SERVER__BIND", "127.0.0.1:0")
        .env("JANGTEO__RATE_LIMIT__ENABLED", "false")
        .env("JANGTEO__SESSIONS__ACCESS_LIFETIME", "12h")
        .env("JANGTEO__PASSWORDS__MEMORY_KIB", "8")
        .env("JANGTEO__PASSWORDS__ITERATIONS", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(file);
    Ok(command)
}
