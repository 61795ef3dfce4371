//! Where Redis is.

use std::fmt;
use std::slice;
use std::str::FromStr;

use deadpool_redis::redis::{ConnectionAddr, IntoConnectionInfo};

const SERVER: &str = "redis";
const CLUSTER: &str = "redis+cluster";

/// Where Redis is: one server, or some nodes of a Cluster, which tell of the others.
///
/// - `redis://[[user]:password@]host[:port][/database]`
/// - `redis+cluster://[[user]:password@]host[:port][,host[:port]…]`
///
/// A Cluster has its own scheme because one node's address may stand for it. Text that is no such URL is refused when it
/// is read and not when the connection is made. TLS is not supported yet.
#[derive(Clone, PartialEq, Eq)]
pub enum RedisAddress {
    /// The URL of one server.
    Server(String),
    /// The URLs of nodes.
    Cluster(Vec<String>),
}

/// The text is no address of Redis. Says nothing of the text, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a URL such as redis://:password@host:6379/0 or redis+cluster://host:6379,host:6380")]
pub struct InvalidRedisAddress;

impl FromStr for RedisAddress {
    type Err = InvalidRedisAddress;

    fn from_str(text: &str) -> Result<Self, InvalidRedisAddress> {
        match text.split_once("://") {
            Some((SERVER, _)) => Ok(Self::Server(checked(text.to_owned())?)),
            Some((CLUSTER, place)) => {
                let (secret, hosts) = place.rsplit_once('@').unwrap_or(("", place));
                let at = if secret.is_empty() { "" } else { "@" };
                let node = |host: &str| {
                    // A Cluster has no numbered databases.
                    let plain = !host.contains('/');
                    if plain {
                        checked(format!("{SERVER}://{secret}{at}{host}"))
                    } else {
                        Err(InvalidRedisAddress)
                    }
                };
                Ok(Self::Cluster(hosts.split(',').map(node).collect::<Result<_, _>>()?))
            }
            _ => Err(InvalidRedisAddress),
        }
    }
}

impl RedisAddress {
    /// The URLs of the servers that it names.
    pub(crate) fn urls(&self) -> &[String] {
        match self {
            Self::Server(url) => slice::from_ref(url),
            Self::Cluster(urls) => urls,
        }
    }
}

/// The URL, if the driver understands it and it names a host.
fn checked(url: String) -> Result<String, InvalidRedisAddress> {
    let info = url.as_str().into_connection_info().map_err(|_| InvalidRedisAddress)?;
    match info.addr() {
        ConnectionAddr::Tcp(host, port) if !host.is_empty() && *port != 0 => Ok(url),
        _ => Err(InvalidRedisAddress),
    }
}

/// The URL, with asterisks for the user and the password.
impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, urls) = match self {
            Self::Server(url) => (SERVER, slice::from_ref(url)),
            Self::Cluster(urls) => (CLUSTER, urls.as_slice()),
        };
        let parts = urls.iter().map(|url| {
            let place = url.split_once("://").map_or("", |(_, place)| place);
            place.rsplit_once('@').map_or((false, place), |(_, host)| (true, host))
        });
        let secret = if parts.clone().any(|(secret, _)| secret) { "***@" } else { "" };
        let hosts: Vec<&str> = parts.map(|(_, host)| host).collect();
        write!(f, "{scheme}://{secret}{}", hosts.join(","))
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisAddress({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_servers_and_clusters() {
        let server = |url: &str| Ok(RedisAddress::Server(url.to_owned()));
        for url in ["redis://127.0.0.1:6379", "redis://cache", "redis://shop:p%40ss@cache:6380/3"] {
            assert_eq!(url.parse(), server(url));
        }
        let cluster =
            |urls: &[&str]| Ok(RedisAddress::Cluster(urls.iter().map(ToString::to_string).collect()));
        assert_eq!("redis+cluster://a:7000".parse(), cluster(&["redis://a:7000"]));
        let nodes = cluster(&["redis://:p@a:7000", "redis://:p@b:7001"]);
        assert_eq!("redis+cluster://:p@a:7000,b:7001".parse(), nodes);
    }

    #[test]
    fn refuses_what_is_neither_and_never_repeats_it() {
        for text in [
            "",
            "cache",
            "cache:6379",
            "redis://",
            "redis://:secret@",
            "redis://secret:port",
            "rediss://secret",
            "http://secret",
            "redis+cluster://",
            "redis+cluster://a,",
            "redis+cluster://a/1",
            "redis://secret/database",
        ] {
            let refused = text.parse::<RedisAddress>().unwrap_err();
            assert!(!refused.to_string().contains("secret"), "{text}");
        }
    }

    #[test]
    fn shows_everything_but_the_password() {
        for (text, shown) in [
            ("redis://cache:6380/3", "redis://cache:6380/3"),
            ("redis://shop:secret@cache", "redis://***@cache"),
            ("redis+cluster://a:7000,b:7001", "redis+cluster://a:7000,b:7001"),
            ("redis+cluster://:secret@a:7000,b:7001", "redis+cluster://***@a:7000,b:7001"),
        ] {
            let address: RedisAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), shown);
            assert!(!format!("{address:?}").contains("secret"));
        }
    }
}
