//! What can be set about connections: encryption, who is before the server, who may call from a browser, patience.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::reader::{Reader, quoted};
use crate::transport::{Origin, TrustedProxies};

const YEAR: Duration = Duration::from_hours(365 * 24);
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_mins(10);

/// The settings of connections, checked.
#[derive(Debug, Clone)]
pub(crate) struct TransportSettings {
    /// `server.tls.certificate` and `server.tls.key`: `None` is plain HTTP.
    pub(crate) tls: Option<TlsFiles>,
    /// `server.tls.hsts_max_age`: how long browsers are to insist on TLS; zero is not at all.
    pub(crate) hsts_max_age: Duration,
    /// `server.trusted_proxies`: whose word about a client's address is taken.
    pub(crate) trusted_proxies: TrustedProxies,
    /// `server.cors.origins`: pages of which origins may call.
    pub(crate) origins: Vec<Origin>,
    /// `server.max_connections`: how many there are at once.
    pub(crate) max_connections: NonZeroUsize,
    /// `server.keep_alive`: for how long a connection may rest.
    pub(crate) keep_alive: Duration,
    /// `server.head_timeout`: how long a client may take for the head of a request, and for the handshake before it.
    pub(crate) head_timeout: Duration,
    /// `server.write_timeout`: how long a client may take to accept what is written at once.
    pub(crate) write_timeout: Duration,
}

/// Where certificate and key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// `server.tls.certificate`: the certificate and what leads to its root, in PEM.
    pub(crate) certificate: PathBuf,
    /// `server.tls.key`: its key, in PEM.
    pub(crate) key: PathBuf,
}

pub(super) const CERTIFICATE: &str = "server.tls.certificate";
pub(super) const KEY: &str = "server.tls.key";

impl TransportSettings {
    pub(super) fn read(from: &mut Reader) -> Self {
        let [certificate, key] = [CERTIFICATE, KEY]
            .map(|name| from.parsed(name, None, pem_file, |file| shown_path(file.as_deref())));
        let tls = match (certificate, key) {
            (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
            (None, None) => None,
            (Some(_), None) => {
                from.refuse(KEY, format!("must be set, as {CERTIFICATE} is"));
                None
            }
            (None, Some(_)) => {
                from.refuse(CERTIFICATE, format!("must be set, as {KEY} is"));
                None
            }
        };
        let most = i64::from(u32::MAX);
        let max_connections = usize::try_from(from.number("server.max_connections", 1, most));
        Self {
            tls,
            hsts_max_age: from.span("server.tls.hsts_max_age", Duration::ZERO, 10 * YEAR),
            trusted_proxies: from.parsed(
                "server.trusted_proxies",
                TrustedProxies::default(),
                |text| TrustedProxies::new(list(text)),
                |proxies| quoted(&proxies.to_string()),
            ),
            origins: from.parsed(
                "server.cors.origins",
                Vec::new(),
                |text| list(text).map(Origin::new).collect(),
                |origins| quoted(&origins.iter().map(Origin::as_str).collect::<Vec<_>>().join(",")),
            ),
            max_connections: max_connections.ok().and_then(NonZeroUsize::new).unwrap_or(NonZeroUsize::MIN),
            keep_alive: from.span("server.keep_alive", SHORTEST, Duration::from_hours(1)),
            head_timeout: from.span("server.head_timeout", SHORTEST, LONGEST),
            write_timeout: from.span("server.write_timeout", SHORTEST, LONGEST),
        }
    }
}

/// An empty text is no path. What looks like PEM was meant to be in a file, and is a secret: it is not repeated.
pub(super) fn pem_file(text: &str) -> Result<Option<PathBuf>, String> {
    match text {
        "" => Ok(None),
        text if text.contains("-----BEGIN") || text.contains(['\n', '\0']) => {
            Err("must be the path of a PEM file, not what is in it".to_owned())
        }
        path => Ok(Some(PathBuf::from(path))),
    }
}

pub(super) fn shown_path(path: Option<&Path>) -> String {
    quoted(&path.map(|path| path.display().to_string()).unwrap_or_default())
}

/// The parts of a text with commas in it; an empty text has none.
fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(move |_| !text.trim().is_empty())
}
