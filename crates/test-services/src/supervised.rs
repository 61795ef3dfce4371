//! What all servers have in common: a free port, a supervisor and a log that tells when they can be used.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
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

/// Runs the server until standard input comes to its end, which it does whenever whoever started this does. Until then it
/// is told there to stop the server or to let it go on, and answers each with a line: what it has found.
///
/// PostgreSQL has a process for each session, in a group of its own, so that the group of the server is not all of it.
/// Two rounds that find everything stopped are enough: before the second begins nothing is left that could fork.
const SUPERVISOR: &str = r#"
signal=$1 folder=$2
shift 2
"$@" </dev/null >/dev/null &
server=$!
# Whoever does not wait for an answer any more has gone, and the end is still to come.
trap '' PIPE
each() {
    for stat in /proc/[0-9]*/stat; do
        { read -r pid _ state parent _ <"$stat"; } 2>/dev/null || continue
        if [ "$pid" = "$server" ] || [ "$parent" = "$server" ]; then "$@"; fi
    done
}
stop() {
    found=server
    case $state in
        [TZ]) ;;
        *) rounds=0; kill -s STOP "$pid" 2>/dev/null ;;
    esac
}
go_on() {
    found=server
    kill -s CONT "$pid" 2>/dev/null
}
while read -r command; do
    found=nothing
    case $command in
        stop) rounds=0; while [ "$rounds" -lt 2 ]; do rounds=$((rounds + 1)); each stop; done ;;
        go_on) each go_on ;;
    esac
    echo "$found"
done
# What is stopped would never see that its server has ended.
each go_on
kill -s "$signal" "$server" 2>/dev/null
wait "$server" 2>/dev/null
[ -e "$folder/stays" ] || rm -rf "$folder"
"#;

/// A server that runs as long as this, and no longer than the process.
#[derive(Debug)]
pub(crate) struct Supervised {
    supervisor: Child,
    answers: BufReader<ChildStdout>,
}

impl Supervised {
    /// Starts a server and waits until it is ready. From then on the folder is the supervisor's to remove.
    pub(crate) fn start(
        signal: &str,
        folder: &Path,
        call: Call,
        ready: &'static str,
    ) -> Result<Self, StartError> {
        let no_pipe = || io::Error::other("there is no pipe");
        let mut supervisor = Command::new("sh")
            .args(["-c", SUPERVISOR, "sh", signal])
            .arg(folder)
            .args(call)
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Control-C at the terminal is not for the supervisor, which still has to tidy up.
            .process_group(0)
            .spawn()?;
        let answers = BufReader::new(supervisor.stdout.take().ok_or_else(no_pipe)?);
        let mut server = Self { supervisor, answers };
        let log = server.supervisor.stderr.take().ok_or_else(no_pipe)?;
        match watch(log, ready).recv_timeout(PATIENCE) {
            Ok(Ok(())) => Ok(server),
            Ok(Err(log)) => Err(StartError::Refused(format!("the server does not start:\n{log}"))),
            Err(_) => Err(StartError::Refused("the server has not started in time".to_owned())),
        }
    }

    /// Stops all of its processes where they are. The kernel still takes connections for it, and nobody answers them.
    /// Linux only.
    pub(crate) fn pause(&mut self) -> Result<(), StartError> {
        self.tell("stop")
    }

    /// Lets them go on.
    pub(crate) fn resume(&mut self) -> Result<(), StartError> {
        self.tell("go_on")
    }

    fn tell(&mut self, command: &str) -> Result<(), StartError> {
        let supervisor =
            self.supervisor.stdin.as_mut().ok_or_else(|| io::Error::other("there is no pipe"))?;
        writeln!(supervisor, "{command}")?;
        let mut found = String::new();
        self.answers.read_line(&mut found)?;
        if found.trim_end() == "server" {
            return Ok(());
        }
        Err(StartError::Refused("the processes of the server are not to be found in /proc".to_owned()))
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        // The end of its input is what the supervisor waits for, and passes on as the signal.
        drop(self.supervisor.stdin.take());
        // There is nobody to tell if it has ended already.
        let _ = self.supervisor.wait();
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
            if !early
                && [PORT_TAKEN, "FATAL", "Fatal errors", "Aborting"].iter().any(|end| line.contains(end))
            {
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
