//! A replica of a server.

use crate::server::{RunAs, command, succeeded, told};
use crate::service::Role;
use crate::supervised::{PATIENCE, Supervised, on_a_free_port};
use crate::{Server, Service, StartError};

/// A server that repeats what another one does. It lives as long as this, and no longer than the process.
#[derive(Debug)]
pub struct Standby {
    service: Service,
    primary: u16,
    port: u16,
    /// `None` once it is killed.
    running: Option<Supervised>,
}

impl Standby {
    /// Starts a replica of a server that was started by [`Server::start_primary`]. It has all that is there by now.
    ///
    /// # Panics
    /// If that fails: a test cannot go on, and is not skipped.
    #[expect(clippy::panic, reason = "this is for tests: without its server a test cannot go on")]
    #[must_use]
    pub fn of(primary: &Server) -> Self {
        assert!(
            primary.role == Role::Primary,
            "nothing can follow a server that was not started as a primary"
        );
        on_a_free_port(|port| {
            let mut standby = Self { service: primary.service, primary: primary.port, port, running: None };
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

    /// Starts it again at the same address, from a new copy.
    ///
    /// # Panics
    /// If that fails: a test cannot go on.
    #[expect(clippy::panic, reason = "this is for tests: without its server a test cannot go on")]
    pub fn restart(&mut self) {
        self.kill();
        self.run().unwrap_or_else(|error| panic!("the replica does not start again: {error}"));
    }

    /// Makes it hang: connections are still taken, and nothing is answered. Linux only.
    ///
    /// # Panics
    /// If that fails, or if it was killed: a test cannot go on.
    pub fn pause(&mut self) {
        self.tell(Supervised::pause);
    }

    /// Ends what [`Standby::pause`] began. It answers what it was asked meanwhile.
    ///
    /// # Panics
    /// If that fails, or if it was killed: a test cannot go on.
    pub fn resume(&mut self) {
        self.tell(Supervised::resume);
    }

    #[expect(clippy::panic, reason = "this is for tests: without its server a test cannot go on")]
    fn tell(&mut self, command: fn(&mut Supervised) -> Result<(), StartError>) {
        let Some(running) = &mut self.running else { panic!("the replica was killed") };
        command(running).unwrap_or_else(|error| panic!("the replica is out of reach: {error}"));
    }

    fn run(&mut self) -> Result<(), StartError> {
        let service = self.service;
        let folder = tempfile::Builder::new().prefix("jangteo-standby-").tempdir()?;
        let run = RunAs::owner_of(folder.path())?;
        run.own(folder.path())?;
        succeeded(&command(run.call(service.copy(folder.path(), self.primary)?)).output()?)?;
        let call = run.call(service.serve(folder.path(), self.port, Role::Replica)?);
        self.running = Some(Supervised::start("KILL", folder.path(), call, service.ready(Role::Replica))?);
        // From here on the supervisor removes it.
        let _ = folder.keep();
        match service {
            Service::Postgres => Ok(()),
            Service::MariaDb => self.follow(),
        }
    }

    /// Has MariaDB read the log of its primary from the beginning, and waits until it has all that is there by now.
    fn follow(&self) -> Result<(), StartError> {
        let (primary, patience) = (self.primary, PATIENCE.as_secs());
        let now = told(self.service, Role::Primary, primary, "SELECT @@gtid_binlog_pos")?;
        let follow = format!(
            "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {primary}, MASTER_USER = 'root', \
             MASTER_USE_GTID = slave_pos; START SLAVE; SELECT MASTER_GTID_WAIT('{now}', {patience})"
        );
        match told(self.service, Role::Replica, self.port, &follow)?.as_str() {
            "0" => Ok(()),
            _ => Err(StartError::Refused(format!("the replica has not come as far as {now} in time"))),
        }
    }
}
