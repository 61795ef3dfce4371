//! What all servers have in common: a free port, a supervisor and a log that tells when they can be used.

use std::io::{self, BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use crate::StartError;
use crate::service::Call;

/// How long a server gets to start.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// How often a free port is tried, which somebody else may take first.
const PORTS: u32 = 5;

/// What a log says of that.
const PORT_TAKEN: &str = "already in use";

/// Runs the server until standard input comes to its end, which it does whenever whoever started this does.
const SUPERVISOR: &str = r#"
signal=$1 folder=$2
shift 2
"$@" </dev/null &
server=$!
cat >/dev/null
kill -s "$signal" "$server" 2>/dev/null
wait "$server" 2>/dev/null
[ -e "$folder/stays" ] || rm -rf "$folder"
"#;

/// A server that runs as long as this, and no longer than the process.
#[derive(Debug)]
pub(crate) struct Supervised(Child);

impl Supervised {
    /// Starts a server and waits until it is ready. From then on the folder is the supervisor's to remove.
    pub(crate) fn start(
        signal: &str,
        folder: &Path,
        call: Call,
        ready: &'static str,
    ) -> Result<Self, StartError> {
        let supervisor = Command::new("sh")
            .args(["-c", SUPERVISOR, "sh", signal])
            .arg(folder)
            .args(call)
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // Control-C at the terminal is not for the supervisor, which still has to tidy up.
            .process_group(0)
            .spawn()?;
        let mut server = Self(supervisor);
        let log = server.0.stderr.take().ok_or_else(|| io::Error::other("there is no pipe"))?;
        match watch(log, ready).recv_timeout(PATIENCE) {
            Ok(Ok(())) => Ok(server),
            Ok(Err(log)) => Err(StartError::Refused(format!("the server does not start:\n{log}"))),
            Err(_) => Err(StartError::Refused("the server has not started in time".to_owned())),
        }
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        // The end of its input is what the supervisor waits for, and passes on as the signal.
        drop(self.0.stdin.take());
        // There is nobody to tell if it has ended already.
        let _ = self.0.wait();
    }
}

/// Starts something on a free port, and on another one if somebody else was faster.
pub(crate) fn on_a_free_port<T>(
    mut start: impl FnMut(u16) -> Result<T, StartError>,
) -> Result<T, StartError> {
    let mut others = 1..PORTS;
    loop {
        match start(free_port()?) {
            Err(StartError::Refused(log)) if log.contains(PORT_TAKEN) && others.next().is_some() => {}
            done => return done,
        }
    }
}

/// A port that nobody listens at, for now.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Reads a log to its end, and tells when the server is ready, or else what it has said instead.
fn watch(log: ChildStderr, ready: &'static str) -> Receiver<Result<(), String>> {
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
