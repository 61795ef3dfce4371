//! Redis servers, alone and as a Cluster.

use std::ffi::OsString;
use std::io;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::StartError;
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
        Self::try_to_start(false).unwrap_or_else(|error| panic!("a test needs Redis: {error}"))
    }

    fn try_to_start(in_cluster: bool) -> Result<Self, StartError> {
        on_a_free_port(|port| {
            let cluster_port = if in_cluster { Some(free_port()?) } else { None };
            let mut server = Self { port, cluster_port, running: None };
            server.run().map(|()| server)
        })
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
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

    /// Runs a command by hand, such as `["FLUSHALL"]`, and gives what it printed.
    pub fn execute(&self, command: &[&str]) -> Result<String, StartError> {
        let port = self.port.to_string();
        // An error of Redis is an exit code too.
        let call = ["-e", "-h", "127.0.0.1", "-p", &port];
        let output = Command::new("redis-cli").args(call).args(command).output().map_err(missing)?;
        succeeded(&output)?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
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
        call.extend(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--dir"].map(Into::into));
        call.push(folder.path().into());
        if let Some(port) = self.cluster_port {
            call.extend(["--cluster-enabled", "yes", "--cluster-port", &port.to_string()].map(Into::into));
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
        Self::try_to_start().unwrap_or_else(|error| panic!("a test needs a Cluster of Redis: {error}"))
    }

    fn try_to_start() -> Result<Self, StartError> {
        let node = || RedisServer::try_to_start(true);
        let nodes = [node()?, node()?, node()?];
        let addresses = nodes.each_ref().map(RedisServer::address);
        let create = ["--cluster", "create"];
        let output = Command::new("redis-cli").args(create).args(addresses).arg("--cluster-yes").output();
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
        format!("redis+cluster://{}", self.0[0].address())
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
