//! The READMEs are promises: their walk-through is run here, command by command, and prints what they say.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::Server;

/// A command of the walk-through and what it is said to print.
struct Step {
    command: String,
    output: String,
}

/// Printed behind the output of each command.
const MARK: &str = "-- end of step --";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The steps in the ` ```console ` blocks of a README: a command begins with `$ ` and goes on while lines end with a
/// backslash; what follows is its output.
fn steps(readme: &str) -> Vec<Step> {
    let text = fs::read_to_string(root().join(readme)).expect("a README");
    let mut steps: Vec<Step> = Vec::new();
    let (mut inside, mut continued) = (false, false);
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
            continue;
        }
        if !inside {
            continue;
        }
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { command: command.to_owned(), output: String::new() });
        } else {
            let step = steps.last_mut().expect("a command comes first");
            let part = if continued { &mut step.command } else { &mut step.output };
            if !part.is_empty() {
                part.push('\n');
            }
            part.push_str(line);
        }
        continued = line.ends_with('\\') && (continued || line.starts_with("$ "));
    }
    steps
}

/// Texts with all that differs from run to run told by its kind. Ids are numbered, so that equal ones stay equal.
#[derive(Default)]
struct Settler {
    ids: Vec<String>,
}

impl Settler {
    fn settle(&mut self, text: &str) -> String {
        let inside = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        let mut settled = String::new();
        let mut rest = text.trim_end();
        while let Some(start) = rest.find(inside) {
            let word = &rest[start..];
            let word = &word[..word.find(|c| !inside(c)).unwrap_or(word.len())];
            settled.push_str(&rest[..start]);
            settled.push_str(&self.name(word));
            rest = &rest[start + word.len()..];
        }
        settled + rest
    }

    fn name(&mut self, word: &str) -> String {
        if word.len() == 36 && word.matches('-').count() == 4 {
            let known = self.ids.iter().position(|id| id == word);
            let place = known.unwrap_or_else(|| {
                self.ids.push(word.to_owned());
                self.ids.len() - 1
            });
            format!("<id {place}>")
        } else if word.len() == 24 && word.ends_with('Z') && word.matches(':').count() == 2 {
            "<instant>".to_owned()
        } else if word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            "<trace>".to_owned()
        } else {
            word.to_owned()
        }
    }
}

#[test]
fn both_readmes_walk_the_same_way() {
    let commands =
        |readme| steps(readme).into_iter().map(|step| (step.command, step.output)).collect::<Vec<_>>();
    assert_eq!(commands("README.md"), commands("README.ko.md"));
    assert!(commands("README.md").len() > 8);
}

/// What the README prints was printed. The payment that is sent again gets its first answer, to the id.
#[test]
fn the_walk_through_prints_what_the_readme_says() {
    // Nobody who walks through it is told to walk more slowly.
    let server = Server::with(&[("JANGTEO__RATE_LIMIT__ENABLED", "true")]);
    let steps = steps("README.md");
    // `cargo run -- …` builds for a user; here the binary is built already.
    let mut script = format!("cargo() {{ shift 2; '{}' \"$@\"; }}\n", env!("CARGO_BIN_EXE_jangteo"));
    for step in &steps {
        let command = step.command.replace("127.0.0.1:8080", server.address());
        script = format!("{script}{command}\nprintf '\\n%s\\n' '{MARK}'\n");
    }
    let run =
        Command::new("bash").arg("-c").arg(script).current_dir(server.folder()).stdin(Stdio::null()).output();
    let run = run.expect("bash runs");
    let (printed, log) = (String::from_utf8(run.stdout).expect("text"), String::from_utf8_lossy(&run.stderr));
    let end = format!("\n{MARK}\n");
    let mut outputs = printed.split(&end);
    let (mut said, mut seen) = (Settler::default(), Settler::default());
    for step in steps {
        let output = outputs.next().unwrap_or_default().replace(server.address(), "127.0.0.1:8080");
        assert_eq!(seen.settle(&output), said.settle(&step.output), "after: {}\n{log}", step.command);
    }
}
