//! The binary as a child process, on a database of its own.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;

use jangteo_security::{ServiceKeys, SystemEntropy};
use jangteo_test_services::shared;
use tempfile::TempDir;

use super::Api;

const BINARY: &str = env!("CARGO_BIN_EXE_jangteo");
const DATABASE_URL: &str = "JANGTEO__DATABASE__URL";
const KEYS_FILE: &str = "JANGTEO__KEYS__FILE";
/// Where the keys of every server are, in its folder.
const KEY_FILE: &str = "data/keys/keys.json";

/// A server with a folder of its own. It is killed when dropped.
pub(crate) struct Server {
    child: Child,
    scheme: &'static str,
    address: String,
    folder: Arc<TempDir>,
    variables: Vec<(String, String)>,
}

impl Server {
    /// A server with cheap passwords and otherwise the defaults.
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// A server with these variables of the environment besides.
    pub(crate) fn with(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut variables: Vec<_> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let given = variables.iter().any(|(name, _)| name == DATABASE_URL);
        if let Some(service) = crate::DATABASE.filter(|_| !given) {
            variables.push((DATABASE_URL.to_owned(), shared(service).new_database()));
        }
        // A database on a server takes keys that are there before; the embedded one makes them at the same place.
        let on_server = |(name, url): &(String, String)| name == DATABASE_URL && !url.starts_with("sqlite:");
        let has_keys = variables.iter().any(|(name, _)| name.starts_with("JANGTEO__KEYS__"));
        if variables.iter().any(on_server) && !has_keys {
            let file = folder.path().join(KEY_FILE);
            ServiceKeys::generate_file(&file, &SystemEntropy).expect("new keys");
            variables.push((KEYS_FILE.to_owned(), file.display().to_string()));
        }
        Self::launch(Arc::new(folder), variables)
    }

    /// A server on the same folder; this one may be stopped, killed or still running.
    pub(crate) fn another(&self) -> Self {
        Self::launch(Arc::clone(&self.folder), self.variables.clone())
    }

    /// The same with these variables besides.
    pub(crate) fn another_with(&self, variables: &[(&str, &str)]) -> Self {
        let more = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self::launch(Arc::clone(&self.folder), self.variables.iter().cloned().chain(more).collect())
    }

    /// A server on a folder in which everything is there that it needs.
    pub(crate) fn launch(folder: Arc<TempDir>, variables: Vec<(String, String)>) -> Self {
        let log =
            File::options().create(true).append(true).open(folder.path().join("log")).expect("a log file");
        let mut child = command(folder.path())
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .args(["serve", "--migrate"])
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        out.read_line(&mut line).expect("a line");
        let told = line.trim_end().strip_prefix("jangteo is listening on ");
        let told = told.and_then(|url| url.split_once("://"));
        let scheme =
            ["http", "https"].into_iter().find(|known| told.is_some_and(|(scheme, _)| scheme == *known));
        let (Some(scheme), Some((_, address))) = (scheme, told) else {
            panic!("instead of its address the server printed {line:?}; see its log")
        };
        Self { child, scheme, address: address.to_owned(), folder, variables }
    }

    /// A client without a token.
    pub(crate) fn api(&self) -> Api {
        Api::new(&self.url())
    }

    /// `http://127.0.0.1:PORT`, or `https` if that is how it is served.
    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address())
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The folder that the server works in; its data is in `data`.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file with the server's keys.
    pub(crate) fn key_file(&self) -> PathBuf {
        self.folder().join(KEY_FILE)
    }

    /// Starts another command on the same folder, and leaves it running. What it says can be read.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        command(self.folder())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts")
    }

    /// Tells the server something by a signal, such as `HUP`.
    pub(crate) fn signal(&self, name: &str) {
        let kill = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", self.process())).status();
        assert!(kill.expect("a shell").success());
    }

    /// Where the server's data is, for those who go past the server.
    pub(crate) fn database_url(&self) -> String {
        let set = self.variables.iter().find(|(name, _)| name == DATABASE_URL);
        let embedded = || format!("sqlite://{}", self.folder().join("data/jangteo.sqlite").display());
        set.map_or_else(embedded, |(_, url)| url.clone())
    }

    /// What the server has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder().join("log")).expect("a log")
    }

    /// Runs another command on the same folder.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Output {
        let variables: Vec<_> =
            self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        run_in(self.folder(), &variables, arguments, input)
    }

    /// Audits the shop, which may be running: nothing is lost and nothing invented.
    #[track_caller]
    pub(crate) fn adds_up(&self) {
        let audit = self.run(&["audit"], "");
        let (told, said) = (String::from_utf8_lossy(&audit.stdout), String::from_utf8_lossy(&audit.stderr));
        assert_eq!(audit.status.code(), Some(0), "{told}{said}");
    }

    /// Asks the server to end, and waits until it has.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.terminate();
        self.wait()
    }

    /// Waits until the server has ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("the server ends")
    }

    /// Asks the server to end, and does not wait.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// The id of the process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Kills the server, with no chance to tidy up.
    pub(crate) fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What `keys.ring` takes: new keys.
pub(crate) fn new_ring() -> String {
    ServiceKeys::generate(&SystemEntropy).to_text().expect("a text").to_string()
}

/// Runs a command in an empty folder.
pub(crate) fn run(variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a temporary folder");
    run_in(folder.path(), variables, arguments, "")
}

/// Starts a command in a folder, and leaves it running.
pub(crate) fn spawn_in(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Child {
    command(folder)
        .envs(variables.iter().copied())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts")
}

/// Runs a command in a folder, with this on its standard input.
pub(crate) fn run_in(folder: &Path, variables: &[(&str, &str)], arguments: &[&str], input: &str) -> Output {
    let mut child = spawn_in(folder, variables, arguments);
    // A command that does not read its input may have ended already.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    child.wait_with_output().expect("the command ends")
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(PathBuf::from(BINARY));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("JANGTEO") {
            command.env_remove(name);
        }
    }
    command
        .current_dir(folder)
        .env("JANGTEO__SERVER__BIND", "127.0.0.1:0")
        .env("JANGTEO__PASSWORDS__MEMORY_KIB", "8")
        .env("JANGTEO__PASSWORDS__ITERATIONS", "1")
        .env("JANGTEO__RATE_LIMIT__ENABLED", "false");
    command
}
