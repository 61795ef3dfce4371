//! The server as a child process.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::usage::Watched;

/// How long a server gets to end.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often to look whether it has.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A server that runs. It is killed when dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
    log: PathBuf,
    database: Option<u32>,
}

impl Running {
    /// Runs the command until it tells its address.
    pub(crate) fn start(mut command: Command, log: &Path, database: Option<u32>) -> Result<Self> {
        let file = File::create(log)?;
        let mut child =
            command.stdout(Stdio::piped()).stderr(file).spawn().context("cannot start the server")?;
        let out = child.stdout.take().context("there is no pipe")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let Some(address) = line.trim_end().strip_prefix("jangteo is listening on http://") else {
            // It has ended already, or has something to say that nobody understands.
            let _ = child.kill();
            let _ = child.wait();
            bail!("the server said {line:?} instead of its address; its log:\n{}", fs::read_to_string(log)?);
        };
        let address = address.parse().context("the server told no address")?;
        Ok(Self { child, address, log: log.to_owned(), database })
    }

    pub(crate) fn watched(&self) -> Watched {
        Watched { server: self.child.id(), database: self.database }
    }

    /// Has the server end as an operator would.
    pub(crate) fn stop(mut self) -> Result<()> {
        let id =
            i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("a process has an id")?;
        kill_process(id, Signal::TERM)?;
        for _ in 0..PATIENCE.as_millis() / LOOK_AGAIN.as_millis() {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "the server ended with {status}; its log:\n{}", self.complaints()?);
                return Ok(());
            }
            thread::sleep(LOOK_AGAIN);
        }
        bail!("the server has not ended in time; its log:\n{}", self.complaints()?)
    }

    /// What it has warned of, of which there should be nothing.
    pub(crate) fn complaints(&self) -> Result<String> {
        let log = fs::read_to_string(&self.log)?;
        let lines: Vec<&str> = log.lines().collect();
        let more = lines.len().saturating_sub(5);
        Ok(if more == 0 { log } else { format!("{}\n… and {more} more lines", lines[..5].join("\n")) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
