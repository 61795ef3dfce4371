//! Redis servers, alone and as a Cluster.

use std::ffi::OsString;
use std::io;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::StartError;
use crate::authority::{AUTHORITY, CERTIFICATE, Certificate, KEY};
use crate::server::succeeded;
use crate::supervised::{PATIENCE, Supervised, free_port, on_a_free_port};

/// What its log says when it can be used.
const READY: &str = "Ready to accept connections";

/// How long to wait before a node is asked again whether it takes commands.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Turns the log, which goes to standard output, to where it is read.
const LOG_TO_STDERR: &str = r#"exec "$@" >&2"#;

/// A Redis server that keeps nothing on the disk. It lives as long as this, and no longer than the process.
#[derive(Debug)]
pub struct RedisServer {
    port: u16,
    cluster_port: Option<u16>,
    /// Takes encrypted connections only, and shows this.
    certificate: Option<Certificate>,
    /// `None` once it is killed.
    running: Option<Supervised>,
}

/// Three Redis servers that share the slots of a Cluster.
#[derive(Debug)]
pub struct RedisCluster([RedisServer; 3]);

impl RedisServer {
    /// Starts a server with nothing in it.
    ///
    /// # Panics
    /// If that fails: a test cannot go on, and is not skipped.
    #[expect(clippy::panic, reason = "this is for tests: without its server a test cannot go on")]
    #[must_use]
    pub fn start() -> Self {
        Self::try_to_start(false, None).unwrap_or_else(|error| panic!("a test needs Redis: {error}"))
    }

    /// Starts a server that takes encrypted connections only, and shows this certificate.
    ///
    /// # Panics
    /// If that fails: a test cannot go on, and is not skipped.
    #[expect(clippy::panic, reason = "this is for tests: without its server a test cannot go on")]
    #[must_use]
    pub fn start_encrypted(certificate: &Certificate) -> Self {
        Self::try_to_start(false, Some(certificate))
            .unwrap_or_else(|error| panic!("a test needs Redis with TLS: {error}"))
    }

    fn try_to_start(in_cluster: bool, certificate: Option<&Certificate>) -> Result<Self, StartError> {
        on_a_free_port(|port| {
            let cluster_port = if in_cluster { Some(free_port()?) } else { None };
            let mut server = Self { port, cluster_port, certificate: certificate.cloned(), running: None };
            server.run().map(|()| server)
        })
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.certificate.is_some() { "rediss" } else { "redis" };
        format!("{scheme}://{}", self.address())
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Kills it, with no chance to tidy up. What it held is gone.
    pub fn kill(&mut self) {
        self.running = None;
    }

    /// Starts it again, empty, at the same address.
    ///
    /// # Panics
    /// If that fails: a test cannot go on.
    #[expect(clippy::panic, reason = "this is for tests: without its server a test cannot go on")]
    pub fn restart(&mut self) {
        self.kill();
        self.run().unwrap_or_else(|error| panic!("Redis does not start again: {error}"));
    }

    /// Starts it again, empty, with another certificate.
    ///
    /// # Panics
    /// If that fails: a test cannot go on.
    pub fn show(&mut self, certificate: &Certificate) {
        self.certificate = Some(certificate.clone());
        self.restart();
    }

    /// Runs a command by hand, such as `["FLUSHALL"]`, and gives what it printed.
    pub fn execute(&self, command: &[&str]) -> Result<String, StartError> {
        let port = self.port.to_string();
        // An error of Redis is an exit code too.
        let call = ["-e", "-h", "127.0.0.1", "-p", &port];
        let output = Command::new("redis-cli").args(call).args(self.tls()).args(command).output();
        let output = output.map_err(missing)?;
        succeeded(&output)?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// How a client of its own speaks to it. Whose certificate it shows is not for that one to say.
    fn tls(&self) -> &'static [&'static str] {
        if self.certificate.is_some() { &["--tls", "--insecure"] } else { &[] }
    }

    /// A node takes commands a while after the Cluster is made, and has no way to tell when.
    fn wait_for_cluster(&self) -> Result<(), StartError> {
        for _ in 0..PATIENCE.as_millis() / LOOK_AGAIN.as_millis() {
            if self.execute(&["CLUSTER", "INFO"])?.contains("cluster_state:ok") {
                return Ok(());
            }
            thread::sleep(LOOK_AGAIN);
        }
        Err(StartError::Refused("the nodes have not become a Cluster in time".to_owned()))
    }

    fn run(&mut self) -> Result<(), StartError> {
        let folder = tempfile::Builder::new().prefix("jangteo-redis-").tempdir()?;
        let there = Command::new("redis-server").arg("--version").output().map_err(missing)?;
        succeeded(&there)?;
        let port = self.port.to_string();
        let mut call: Vec<OsString> =
            ["sh", "-c", LOG_TO_STDERR, "sh", "redis-server"].map(Into::into).into();
        call.extend(["--bind", "127.0.0.1", "--save", "", "--dir"].map(Into::into));
        call.push(folder.path().into());
        match &self.certificate {
            None => call.extend(["--port", &port].map(Into::into)),
            Some(certificate) => {
                certificate.put(folder.path())?;
                // Without a port for others.
                call.extend(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"].map(Into::into));
                let files = [
                    ("--tls-cert-file", CERTIFICATE),
                    ("--tls-key-file", KEY),
                    ("--tls-ca-cert-file", AUTHORITY),
                ];
                for (option, name) in files {
                    call.extend([option.into(), folder.path().join(name).into()]);
                }
            }
        }
        if let Some(port) = self.cluster_port {
            call.extend(["--cluster-enabled", "yes", "--cluster-port", &port.to_string()].map(Into::into));
            if self.certificate.is_some() {
                call.extend(["--tls-cluster", "yes"].map(Into::into));
            }
        }
        self.running = Some(Supervised::start("KILL", folder.path(), call, READY)?);
        // From here on the supervisor removes it.
        let _ = folder.keep();
        Ok(())
    }
}

impl RedisCluster {
    /// Starts a Cluster with nothing in it.
    ///
    /// # Panics
    /// If that fails: a test cannot go on, and is not skipped.
    #[expect(clippy::panic, reason = "this is for tests: without its servers a test cannot go on")]
    #[must_use]
    pub fn start() -> Self {
        Self::try_to_start(None).unwrap_or_else(|error| panic!("a test needs a Cluster of Redis: {error}"))
    }

    /// Starts a Cluster that takes encrypted connections only, and whose nodes show this certificate.
    ///
    /// # Panics
    /// If that fails: a test cannot go on, and is not skipped.
    #[expect(clippy::panic, reason = "this is for tests: without its servers a test cannot go on")]
    #[must_use]
    pub fn start_encrypted(certificate: &Certificate) -> Self {
        Self::try_to_start(Some(certificate))
            .unwrap_or_else(|error| panic!("a test needs a Cluster of Redis with TLS: {error}"))
    }

    fn try_to_start(certificate: Option<&Certificate>) -> Result<Self, StartError> {
        let node = || RedisServer::try_to_start(true, certificate);
        let nodes = [node()?, node()?, node()?];
        let addresses = nodes.each_ref().map(RedisServer::address);
        let create = ["--cluster", "create"];
        let mut command = Command::new("redis-cli");
        command.args(nodes[0].tls()).args(create).args(addresses).arg("--cluster-yes");
        let output = command.output();
        succeeded(&output.map_err(missing)?)?;
        nodes.iter().try_for_each(RedisServer::wait_for_cluster)?;
        Ok(Self(nodes))
    }

    /// The nodes.
    #[must_use]
    pub fn nodes(&self) -> &[RedisServer; 3] {
        &self.0
    }

    /// Where it is: one node, which tells of the others.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.0[0].certificate.is_some() { "rediss+cluster" } else { "redis+cluster" };
        format!("{scheme}://{}", self.0[0].address())
    }
}

fn missing(error: io::Error) -> StartError {
    if error.kind() == io::ErrorKind::NotFound {
        return StartError::Refused(
            "there is no redis-server or no redis-cli on the PATH. Please install Redis (on Debian and Ubuntu: \
             apt-get install redis-server)"
                .to_owned(),
        );
    }
    StartError::Io(error)
}
