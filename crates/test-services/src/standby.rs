//! A streaming replica of a PostgreSQL server.

use std::io;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use crate::server::{PATIENCE, PORT_TAKEN, PORTS, RunAs, SUPERVISOR, command, succeeded, watch};
use crate::{Server, Service, StartError};

/// What its log says when it can be used.
const READY: &str = "database system is ready to accept read";

/// A server that streams what another one does. It lives as long as this, and no longer than the process.
#[derive(Debug)]
pub struct Standby {
    primary: u16,
    port: u16,
    /// `None` once it is killed.
    supervisor: Option<Child>,
}

impl Standby {
    /// Starts a replica of a PostgreSQL server, from a base backup.
    ///
    /// # Panics
    /// If that fails: a test cannot go on, and is not skipped.
    #[expect(clippy::panic, reason = "this is for tests: without its server a test cannot go on")]
    #[must_use]
    pub fn of(primary: &Server) -> Self {
        let mut attempts = 1..PORTS;
        loop {
            let started = free_port().map_err(StartError::Io).and_then(|port| {
                let mut standby = Self { primary: primary.port, port, supervisor: None };
                standby.run().map(|()| standby)
            });
            match started {
                Ok(standby) => return standby,
                Err(StartError::Refused(log)) if log.contains(PORT_TAKEN) && attempts.next().is_some() => {}
                Err(error) => panic!("a test needs a replica: {error}"),
            }
        }
    }

    /// A database of the primary, given by its URL, as it is here.
    #[must_use]
    pub fn url(&self, of_primary: &str) -> String {
        of_primary.replace(&format!(":{}/", self.primary), &format!(":{}/", self.port))
    }

    /// Kills it by SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut supervisor) = self.supervisor.take() {
            // The end of its input is what the supervisor waits for, and passes on.
            drop(supervisor.stdin.take());
            // There is nobody to tell if it has ended already.
            let _ = supervisor.wait();
        }
    }

    /// Starts it again at the same address, from a new base backup.
    ///
    /// # Panics
    /// If that fails: a test cannot go on.
    #[expect(clippy::panic, reason = "this is for tests: without its server a test cannot go on")]
    pub fn restart(&mut self) {
        self.kill();
        self.run().unwrap_or_else(|error| panic!("the replica does not start again: {error}"));
    }

    fn run(&mut self) -> Result<(), StartError> {
        let service = Service::Postgres;
        let folder = tempfile::Builder::new().prefix("jangteo-standby-").tempdir()?;
        let run = RunAs::owner_of(folder.path())?;
        run.own(folder.path())?;
        succeeded(&command(run.call(service.follow(folder.path(), self.primary)?)).output()?)?;
        let mut supervisor = Command::new("sh")
            .args(["-c", SUPERVISOR, "sh", "KILL"])
            .arg(folder.path())
            .args(run.call(service.serve(folder.path(), self.port)?))
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // Control-C at the terminal is not for the supervisor, which still has to tidy up.
            .process_group(0)
            .spawn()?;
        let log = supervisor.stderr.take().ok_or_else(|| io::Error::other("there is no pipe"))?;
        let ready = watch(log, READY);
        // From here on the supervisor removes it.
        let _ = folder.keep();
        self.supervisor = Some(supervisor);
        match ready.recv_timeout(PATIENCE) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(log)) => Err(StartError::Refused(format!("the replica does not start:\n{log}"))),
            Err(_) => Err(StartError::Refused("the replica has not started in time".to_owned())),
        }
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        self.kill();
    }
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
