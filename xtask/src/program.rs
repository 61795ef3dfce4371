//! Other programs, run in this terminal.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// Runs a program and fails if it does.
pub(crate) fn succeeds(program: &mut Command) -> Result<()> {
    let status = program.status().with_context(|| not_started(program))?;
    ensure!(status.success(), "`{}` failed: {status}", as_typed(program));
    Ok(())
}

/// What a program prints. Its complaints go to the terminal.
pub(crate) fn printed(mut program: Command) -> Result<String> {
    let output = program.stderr(Stdio::inherit()).output().with_context(|| not_started(&program))?;
    ensure!(output.status.success(), "`{}` failed: {}", as_typed(&program), output.status);
    String::from_utf8(output.stdout).with_context(|| format!("what {} prints is not UTF-8", name(&program)))
}

/// Has something installed that a file describes, unless a note in the same folder says that just this is there already.
pub(crate) fn install_once(
    described: &Path,
    note: &Path,
    install: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let wanted =
        fs::read_to_string(described).with_context(|| format!("cannot read {}", described.display()))?;
    if fs::read_to_string(note).ok().as_ref() != Some(&wanted) {
        install()?;
        // Written last, so that a broken-off installation is none.
        fs::write(note, wanted).with_context(|| format!("cannot write {}", note.display()))?;
    }
    Ok(())
}

fn not_started(program: &Command) -> String {
    format!("cannot start {}; is it on the PATH?", name(program))
}

/// A call as one would type it, but for what quotes it needs.
pub(crate) fn as_typed(program: &Command) -> String {
    let arguments = program.get_args().map(|argument| argument.display().to_string());
    [name(program)].into_iter().chain(arguments).collect::<Vec<_>>().join(" ")
}

fn name(program: &Command) -> String {
    let path = Path::new(program.get_program());
    path.file_name().unwrap_or(path.as_os_str()).display().to_string()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use anyhow::bail;

    use super::*;

    #[test]
    fn a_program_that_fails_is_told_by_its_command() -> Result<()> {
        let shell = |script| {
            let mut shell = Command::new("sh");
            shell.args(["-c", script]);
            shell
        };
        assert_eq!(printed(shell("echo it"))?, "it\n");
        let told = printed(shell("echo it; exit 3")).expect_err("it failed").to_string();
        assert_eq!(told, "`sh -c echo it; exit 3` failed: exit status: 3");
        Ok(())
    }

    #[test]
    fn a_program_that_only_runs_is_told_in_the_same_words() {
        let told =
            succeeds(Command::new("/bin/sh").args(["-c", "exit 3"])).expect_err("it failed").to_string();
        assert_eq!(told, "`sh -c exit 3` failed: exit status: 3");
        let told = succeeds(&mut Command::new("/nowhere/at-all")).expect_err("there is none").to_string();
        assert_eq!(told, "cannot start at-all; is it on the PATH?");
    }

    #[test]
    fn something_is_installed_once_and_again_if_it_is_described_otherwise() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let (described, note) = (folder.path().join("described"), folder.path().join("note"));
        let times = Cell::new(0);
        let install = || {
            install_once(&described, &note, || {
                times.set(times.get() + 1);
                Ok(())
            })
        };
        fs::write(&described, "one")?;
        install()?;
        install()?;
        assert_eq!(times.get(), 1);
        fs::write(&described, "two")?;
        install_once(&described, &note, || bail!("it was broken off")).expect_err("it was");
        install()?;
        install()?;
        assert_eq!(times.get(), 2);
        Ok(())
    }
}
