//! A running server.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::authority::{self, Certificate};
use crate::binaries::MissingBinary;
use crate::service::{Call, Role, Service};
use crate::supervised::{Supervised, on_a_free_port};

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
    pub(crate) service: Service,
    pub(crate) role: Role,
    pub(crate) port: u16,
    folder: PathBuf,
    databases: AtomicU32,
    /// `None` once it was ended.
    running: Option<Supervised>,
}

impl Server {
    /// Starts a server with no database in it.
    pub fn start(service: Service) -> Result<Self, StartError> {
        on_a_free_port(|port| Self::try_to_start(service, Role::Alone, None, port))
    }

    /// Starts a server that takes encrypted connections only, and shows this certificate.
    pub fn start_encrypted(service: Service, certificate: &Certificate) -> Result<Self, StartError> {
        on_a_free_port(|port| Self::try_to_start(service, Role::Encrypted, Some(certificate), port))
    }

    /// The same for a server that a [`Standby`](crate::Standby) shall follow.
    pub fn start_primary(service: Service) -> Result<Self, StartError> {
        on_a_free_port(|port| Self::try_to_start(service, Role::Primary, None, port))
    }

    fn try_to_start(
        service: Service,
        role: Role,
        certificate: Option<&Certificate>,
        port: u16,
    ) -> Result<Self, StartError> {
        let folder = tempfile::Builder::new().prefix("jangteo-").tempdir()?;
        let run = RunAs::owner_of(folder.path())?;
        run.own(folder.path())?;
        succeeded(&command(run.call(service.initialise(folder.path())?)).output()?)?;
        let path = folder.path().to_owned();
        let mut server =
            Self { service, role, port, folder: path, databases: AtomicU32::new(0), running: None };
        if let Some(certificate) = certificate {
            service.refuse_plain(&server.folder)?;
            server.put(certificate, &run)?;
        }
        server.serve(&run)?;
        // From here on the supervisor removes it.
        let _ = folder.keep();
        Ok(server)
    }

    fn serve(&mut self, run: &RunAs) -> Result<(), StartError> {
        let (service, role) = (self.service, self.role);
        let call = run.call(service.serve(&self.folder, self.port, role)?);
        self.running = Some(Supervised::start(service.end(), &self.folder, call, service.ready(role))?);
        Ok(())
    }

    /// Ends it at once, as a crash would: PostgreSQL by an immediate shutdown, MariaDB by SIGKILL. Its data stays.
    pub fn crash(&mut self) -> Result<(), StartError> {
        fs::write(self.folder.join(STAYS), "")?;
        self.running = None;
        Ok(())
    }

    /// Starts it again at its address, with its data, after a [`Server::crash`].
    pub fn start_again(&mut self) -> Result<(), StartError> {
        fs::remove_file(self.folder.join(STAYS))?;
        self.serve(&RunAs::owner_of_data(&self.folder)?)
    }

    /// Starts it again with another certificate, after a [`Server::start_encrypted`].
    pub fn show(&mut self, certificate: &Certificate) -> Result<(), StartError> {
        self.crash()?;
        self.put(certificate, &RunAs::owner_of_data(&self.folder)?)?;
        self.start_again()
    }

    /// Puts a certificate where the server looks for it. Keys that others could read are refused.
    fn put(&self, certificate: &Certificate, run: &RunAs) -> Result<(), StartError> {
        certificate.put(&self.folder)?;
        let key = self.folder.join(authority::KEY);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
        run.own(&key)
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
        told(self.service, self.role, self.port, sql).map(drop)
    }

    /// What it answers to a question of its administrator, which is encrypted if it takes nothing else.
    pub fn ask(&self, sql: &str) -> Result<String, StartError> {
        told(self.service, self.role, self.port, sql)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.running.is_none() {
            // Nobody else removes what stayed. If that fails, it is a folder too many among temporary ones.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// What a server on this port answers to a statement of its administrator.
pub(crate) fn told(service: Service, role: Role, port: u16, sql: &str) -> Result<String, StartError> {
    let output = command(service.execute(role, port, sql)?).output()?;
    succeeded(&output)?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
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
