//! On what it was measured.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::available_parallelism;

use anyhow::Result;

/// The machine and the versions.
pub(super) fn described(server: &Path, postgres: Option<&str>) -> Result<String> {
    let processor = field("/proc/cpuinfo", "model name")?;
    let memory = field("/proc/meminfo", "MemTotal")?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let version = Command::new(server).arg("--version").output()?;
    let version = String::from_utf8_lossy(&version.stdout);
    let commit = Command::new("git").args(["describe", "--always", "--dirty"]).output();
    let commit = commit.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    Ok(format!(
        "{} cores of {processor}, {memory} of memory, Linux {}. The server: {}, built for release; the tree: {}. {}\n",
        available_parallelism()?,
        kernel.trim(),
        version.trim(),
        commit.ok().filter(|commit| !commit.is_empty()).unwrap_or_else(|| "unknown".to_owned()),
        postgres.map(|version| format!("{version}.")).unwrap_or_default(),
    ))
}

/// The value of the first line of that name.
fn field(file: &str, name: &str) -> Result<String> {
    let text = fs::read_to_string(file)?;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(':'));
    Ok(value.unwrap_or("an unknown kind").trim().to_owned())
}
