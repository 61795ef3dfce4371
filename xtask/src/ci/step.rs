//! One step of continuous integration: a heading, the work, and how long it took.

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::program::{self, succeeds};

/// Something that continuous integration does and that may fail.
pub(crate) struct Step<'a> {
    heading: &'static str,
    /// How to do the same by hand.
    by_hand: String,
    work: Box<dyn FnOnce() -> Result<()> + 'a>,
}

impl<'a> Step<'a> {
    /// A step that is a function of this tool, and the command by which a person runs it alone.
    pub(crate) fn task(heading: &'static str, by_hand: &str, work: impl FnOnce() -> Result<()> + 'a) -> Self {
        Self { heading, by_hand: by_hand.to_owned(), work: Box::new(work) }
    }

    /// A step that is a call of cargo.
    pub(crate) fn cargo(heading: &'static str, mut command: Command) -> Self {
        let by_hand = as_typed(&command);
        Self { heading, by_hand, work: Box::new(move || succeeds(&mut command)) }
    }
}

/// Runs the steps in order, up to the first that fails.
pub(crate) fn run_all(steps: Vec<Step<'_>>) -> Result<()> {
    let count = steps.len();
    let start = now();
    for (index, step) in steps.into_iter().enumerate() {
        let number = index + 1;
        println!("\n==> [{number}/{count}] {}\n    $ {}", step.heading, step.by_hand);
        let start = now();
        (step.work)().with_context(|| {
            format!(
                "step {number} of {count}, {}, failed after {}; to run it alone: {}",
                step.heading,
                told(start.elapsed()),
                step.by_hand
            )
        })?;
        println!("    done in {}", told(start.elapsed()));
    }
    println!("\n==> all {count} steps passed in {}", told(start.elapsed()));
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "only the reader of the log sees how long a step took")]
fn now() -> Instant {
    Instant::now()
}

/// A call of cargo as one would type it in a shell, with its variables.
fn as_typed(cargo: &Command) -> String {
    let mut line = String::new();
    for (name, value) in cargo.get_envs() {
        let value = value.unwrap_or_default();
        // Writing to a String does not fail.
        let _ = write!(line, "{}=\"{}\" ", name.display(), value.display());
    }
    line + &program::as_typed(cargo)
}

/// A duration for people: `0.3 s`, `4 min 07 s`.
fn told(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    if seconds < 60 {
        format!("{seconds}.{} s", elapsed.subsec_millis() / 100)
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use anyhow::bail;

    use super::*;

    #[test]
    fn steps_run_in_order() -> Result<()> {
        let done = RefCell::new(Vec::new());
        let step = |number| {
            let done = &done;
            Step::task("a step", "true", move || {
                done.borrow_mut().push(number);
                Ok(())
            })
        };
        run_all(vec![step(1), step(2), step(3)])?;
        assert_eq!(*done.borrow(), [1, 2, 3]);
        Ok(())
    }

    #[test]
    fn the_first_failure_ends_the_run_and_says_how_to_repeat_it() {
        let went_on = RefCell::new(false);
        let error = run_all(vec![
            Step::task("licences", "cargo deny check", || bail!("a licence is not allowed")),
            Step::task("documentation", "cargo doc", || {
                *went_on.borrow_mut() = true;
                Ok(())
            }),
        ])
        .expect_err("the first step failed");
        let message = format!("{error:#}");
        assert!(message.starts_with("step 1 of 2, licences, failed after 0."), "{message}");
        assert!(
            message.ends_with("to run it alone: cargo deny check: a licence is not allowed"),
            "{message}"
        );
        assert!(!*went_on.borrow());
    }

    #[test]
    fn a_command_that_fails_is_a_failure() {
        let error = run_all(vec![Step::cargo("formatting", Command::new("false"))]).expect_err("false fails");
        assert!(format!("{error:#}").ends_with("exit status: 1"), "{error:#}");
    }

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut command = Command::new("/somewhere/cargo");
        command.args(["doc", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(as_typed(&command), "RUSTDOCFLAGS=\"-D warnings\" cargo doc --no-deps");
    }

    #[test]
    fn durations_are_told_in_the_unit_that_fits() {
        assert_eq!(told(Duration::from_millis(1_980)), "1.9 s");
        assert_eq!(told(Duration::from_secs(247)), "4 min 07 s");
    }
}
