//! A streaming replica of a PostgreSQL server.

use crate::server::{RunAs, command, succeeded};
use crate::supervised::{Supervised, on_a_free_port};
use crate::{Server, Service, StartError};

/// What its log says when it can be used.
const READY: &str = "database system is ready to accept read";

/// A server that streams what another one does. It lives as long as this, and no longer than the process.
#[derive(Debug)]
pub struct Standby {
    primary: u16,
    port: u16,
    /// `None` once it is killed.
    running: Option<Supervised>,
}

impl Standby {
    /// Starts a replica of a PostgreSQL server, from a base backup.
    ///
    /// # Panics
    /// If that fails: a test cannot go on, and is not skipped.
    #[expect(clippy::panic, reason = "this is for tests: without its server a test cannot go on")]
    #[must_use]
    pub fn of(primary: &Server) -> Self {
        on_a_free_port(|port| {
            let mut standby = Self { primary: primary.port, port, running: None };
            standby.run().map(|()| standby)
        })
        .unwrap_or_else(|error| panic!("a test needs a replica: {error}"))
    }

    /// A database of the primary, given by its URL, as it is here.
    #[must_use]
    pub fn url(&self, of_primary: &str) -> String {
        of_primary.replace(&format!(":{}/", self.primary), &format!(":{}/", self.port))
    }

    /// Kills it by SIGKILL.
    pub fn kill(&mut self) {
        self.running = None;
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
        let call = run.call(service.serve(folder.path(), self.port)?);
        self.running = Some(Supervised::start("KILL", folder.path(), call, READY)?);
        // From here on the supervisor removes it.
        let _ = folder.keep();
        Ok(())
    }
}
