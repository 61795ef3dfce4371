//! A running server.

use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use crate::binaries::MissingBinary;
use crate::service::{Call, Service};

/// How long a server gets to start.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// How often a free port is tried, which somebody else may take first.
pub(crate) const PORTS: u32 = 5;

/// What a log says of that.
pub(crate) const PORT_TAKEN: &str = "already in use";

/// Runs the server until standard input comes to its end, which it does whenever whoever started this does.
pub(crate) const SUPERVISOR: &str = r#"
signal=$1 folder=$2
shift 2
"$@" </dev/null &
server=$!
cat >/dev/null
kill -s "$signal" "$server" 2>/dev/null
wait "$server" 2>/dev/null
[ -e "$folder/stays" ] || rm -rf "$folder"
"#;

/// A file of this name in the folder of a server that has ended says that it will be started again.
const STAYS: &str = "stays";

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its programs are not installed.
    #[error(transparent)]
    Missing(#[from] MissingBinary),
    /// A program could not be run, or a file not be written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A program said no.
    #[error("{0}")]
    Refused(String),
}

/// A server that lives as long as this, and no longer than the process.
#[derive(Debug)]
pub struct Server {
    service: Service,
    pub(crate) port: u16,
    folder: PathBuf,
    databases: AtomicU32,
    /// `None` once it was ended.
    supervisor: Option<Child>,
}

impl Server {
    /// Starts a server with no database in it.
    pub fn start(service: Service) -> Result<Self, StartError> {
        for _ in 1..PORTS {
            match Self::try_to_start(service) {
                Err(StartError::Refused(log)) if log.contains(PORT_TAKEN) => {}
                done => return done,
            }
        }
        Self::try_to_start(service)
    }

    fn try_to_start(service: Service) -> Result<Self, StartError> {
        let folder = tempfile::Builder::new().prefix("jangteo-").tempdir()?;
        let run = RunAs::owner_of(folder.path())?;
        run.own(folder.path())?;
        succeeded(&command(run.call(service.initialise(folder.path())?)).output()?)?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let path = folder.path().to_owned();
        let mut server = Self { service, port, folder: path, databases: AtomicU32::new(0), supervisor: None };
        server.serve(&run)?;
        // From here on the supervisor removes it.
        let _ = folder.keep();
        Ok(server)
    }

    fn serve(&mut self, run: &RunAs) -> Result<(), StartError> {
        let service = self.service;
        let mut supervisor = Command::new("sh")
            .args(["-c", SUPERVISOR, "sh", service.end()])
            .arg(&self.folder)
            .args(run.call(service.serve(&self.folder, self.port)?))
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // Control-C at the terminal is not for the supervisor, which still has to tidy up.
            .process_group(0)
            .spawn()?;
        let log = supervisor.stderr.take().ok_or_else(|| io::Error::other("there is no pipe"))?;
        let ready = watch(log, service.ready());
        self.supervisor = Some(supervisor);
        match ready.recv_timeout(PATIENCE) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(log)) => Err(StartError::Refused(format!("the server does not start:\n{log}"))),
            Err(_) => Err(StartError::Refused("the server has not started in time".to_owned())),
        }
    }

    /// Ends it at once, as a crash would: PostgreSQL by an immediate shutdown, MariaDB by SIGKILL. Its data stays.
    pub fn crash(&mut self) -> Result<(), StartError> {
        fs::write(self.folder.join(STAYS), "")?;
        self.end();
        Ok(())
    }

    /// Starts it again at its address, with its data, after a [`Server::crash`].
    pub fn start_again(&mut self) -> Result<(), StartError> {
        fs::remove_file(self.folder.join(STAYS))?;
        self.serve(&RunAs::owner_of_data(&self.folder)?)
    }

    fn end(&mut self) {
        if let Some(mut supervisor) = self.supervisor.take() {
            // The end of its input is what the supervisor waits for.
            drop(supervisor.stdin.take());
            // There is nobody to tell if it has ended already.
            let _ = supervisor.wait();
        }
    }

    /// A database of this name, whether it is there or not.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.service.url(self.port, database)
    }

    /// Makes an empty database and says where it is.
    ///
    /// # Panics
    /// If that fails: a test cannot go on.
    #[expect(clippy::panic, reason = "this is for tests: without its database a test cannot go on")]
    #[must_use]
    pub fn new_database(&self) -> String {
        let name = format!("shop_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        match self.execute(&format!("CREATE DATABASE {name}")) {
            Ok(()) => self.url(&name),
            Err(error) => panic!("{name} cannot be made: {error}"),
        }
    }

    /// Runs a statement as the administrator of the server.
    pub fn execute(&self, sql: &str) -> Result<(), StartError> {
        let call = self.service.execute(self.port, sql)?;
        succeeded(&command(call).output()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let crashed = self.supervisor.is_none();
        self.end();
        if crashed {
            // Nobody else removes what stayed. If that fails, it is a folder too many among temporary ones.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Reads a log to its end, and tells when the server is ready, or else what it has said instead.
pub(crate) fn watch(log: ChildStderr, ready: &'static str) -> Receiver<Result<(), String>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut said = String::new();
        let mut lines = BufReader::new(log).lines().map_while(Result::ok);
        for line in lines.by_ref() {
            if line.contains(ready) {
                said.clear();
                break;
            }
            said.push_str(&line);
            said.push('\n');
            // What clients hear that come too early is no end.
            let early =
                line.contains("the database system is") || line.contains("not yet accepting connections");
            if !early && [PORT_TAKEN, "FATAL", "Aborting"].iter().any(|end| line.contains(end)) {
                // The supervisor waits on; the server has ended.
                let _ = sender.send(Err(said));
                return lines.for_each(drop);
            }
        }
        // Whoever waited may have gone.
        let _ = sender.send(if said.is_empty() { Ok(()) } else { Err(said) });
        // A pipe that nobody reads would stop the server.
        lines.for_each(drop);
    });
    receiver
}

pub(crate) fn command(call: Call) -> Command {
    let mut parts = call.into_iter();
    let mut command = Command::new(parts.next().unwrap_or_default());
    command.args(parts).env("LC_ALL", "C");
    command
}

pub(crate) fn succeeded(output: &Output) -> Result<(), StartError> {
    if output.status.success() {
        return Ok(());
    }
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    Err(StartError::Refused(format!("{}: {}", output.status, String::from_utf8_lossy(&said).trim())))
}

/// Who runs the server.
pub(crate) enum RunAs {
    /// Whoever runs this.
    Self_,
    /// Nobody, with a group of that number, because this is root and PostgreSQL refuses to be.
    Nobody { group: String },
}

impl RunAs {
    /// A folder that was just made belongs to whoever runs this.
    pub(crate) fn owner_of(folder: &Path) -> Result<Self, StartError> {
        if fs::metadata(folder)?.uid() != 0 {
            return Ok(Self::Self_);
        }
        Self::nobody()
    }

    /// A folder in which a server has run before belongs to whoever ran it.
    fn owner_of_data(folder: &Path) -> Result<Self, StartError> {
        let own = tempfile::tempdir()?;
        if fs::metadata(folder)?.uid() == fs::metadata(own.path())?.uid() {
            return Ok(Self::Self_);
        }
        Self::nobody()
    }

    fn nobody() -> Result<Self, StartError> {
        let group = Command::new("id").args(["-g", "nobody"]).output()?;
        succeeded(&group)?;
        Ok(Self::Nobody { group: String::from_utf8_lossy(&group.stdout).trim().to_owned() })
    }

    pub(crate) fn own(&self, folder: &Path) -> Result<(), StartError> {
        match self {
            Self::Self_ => Ok(()),
            Self::Nobody { group } => {
                succeeded(&Command::new("chown").arg(format!("nobody:{group}")).arg(folder).output()?)
            }
        }
    }

    pub(crate) fn call(&self, call: Call) -> Call {
        match self {
            Self::Self_ => call,
            Self::Nobody { group } => {
                let regid = format!("--regid={group}");
                let mut whole: Call =
                    ["setpriv", "--reuid=nobody", &regid, "--clear-groups", "--"].map(Into::into).into();
                whole.extend(call);
                whole
            }
        }
    }
}
