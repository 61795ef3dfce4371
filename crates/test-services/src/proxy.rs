//! HAProxy in front of what is tested.

use std::ffi::OsString;
use std::fs;

use crate::StartError;
use crate::binaries::find_program;
use crate::supervised::{Supervised, on_a_free_port};

/// What it says when it can be used.
const READY: &str = "Loading success";

/// A proxy on a free port. It lives as long as this, and no longer than the process.
#[derive(Debug)]
pub struct HaProxy {
    port: u16,
    _running: Supervised,
}

impl HaProxy {
    /// Starts it with a configuration, which is told the address to listen at.
    ///
    /// # Panics
    /// If that fails: a test cannot go on, and is not skipped.
    #[expect(clippy::panic, reason = "this is for tests: without its proxy a test cannot go on")]
    #[must_use]
    pub fn start(configuration: impl Fn(&str) -> String) -> Self {
        on_a_free_port(|port| Self::try_to_start(port, &configuration(&at(port))))
            .unwrap_or_else(|error| panic!("a test needs HAProxy: {error}"))
    }

    fn try_to_start(port: u16, configuration: &str) -> Result<Self, StartError> {
        let program = find_program("haproxy", "haproxy")?;
        let folder = tempfile::Builder::new().prefix("jangteo-haproxy-").tempdir()?;
        let file = folder.path().join("haproxy.cfg");
        fs::write(&file, configuration)?;
        // Of two processes the first tells when the second can be used.
        let call: [OsString; 4] = [program.into(), "-W".into(), "-f".into(), file.into()];
        let running = Supervised::start("TERM", folder.path(), call.into(), READY)?;
        // From here on the supervisor removes it.
        let _ = folder.keep();
        Ok(Self { port, _running: running })
    }

    /// `127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        at(self.port)
    }
}

fn at(port: u16) -> String {
    format!("127.0.0.1:{port}")
}
