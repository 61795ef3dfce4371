//! Where Redis is.

use std::fmt;
use std::str::FromStr;

use deadpool_redis::redis::{
    Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisResult, TlsCertificates,
};
use jangteo_tls::{InvalidAuthorities, Protection, check_authorities, is_this_machine};

const CLUSTER: &str = "+cluster";

/// Where Redis is: one server, or some nodes of a Cluster, which tell of the others.
///
/// - `redis://[[user]:password@]host[:port][/database]`
/// - `redis+cluster://[[user]:password@]host[:port][,host[:port]…]`
///
/// With `rediss` for `redis` the connections are TLS, and every server and node has to show a certificate of a trusted
/// authority for the host by whose name it goes: those that the machine trusts, or those of [`RedisAddress::trusting`].
///
/// A Cluster has its own scheme because one node's address may stand for it. Text that is no such URL is refused when it
/// is read and not when the connection is made.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisAddress {
    /// One each, as the driver reads them.
    urls: Vec<String>,
    cluster: bool,
    /// In PEM.
    authorities: Option<Vec<u8>>,
}

/// The text is no address of Redis. Says nothing of the text, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRedisAddress {
    /// It cannot be read.
    #[error(
        "must be a URL such as redis://:password@host:6379/0 or redis+cluster://host:6379,host:6380, \
         or rediss for redis, which is TLS"
    )]
    NoAddress,
    /// It asks for TLS with whoever answers.
    #[error("must not be #insecure: name the authority that Redis has its certificate of instead")]
    Insecure,
}

impl FromStr for RedisAddress {
    type Err = InvalidRedisAddress;

    fn from_str(text: &str) -> Result<Self, InvalidRedisAddress> {
        let (scheme, place) = text.split_once("://").ok_or(InvalidRedisAddress::NoAddress)?;
        let (protocol, cluster) = match scheme.strip_suffix(CLUSTER) {
            Some(protocol) => (protocol, true),
            None => (scheme, false),
        };
        if !["redis", "rediss"].contains(&protocol) {
            return Err(InvalidRedisAddress::NoAddress);
        }
        let urls = if cluster {
            let (secret, hosts) = place.rsplit_once('@').unwrap_or(("", place));
            let at = if secret.is_empty() { "" } else { "@" };
            let node = |host: &str| {
                // A Cluster has no numbered databases.
                let plain = !host.contains('/');
                let url = format!("{protocol}://{secret}{at}{host}");
                if plain { checked(url) } else { Err(InvalidRedisAddress::NoAddress) }
            };
            hosts.split(',').map(node).collect::<Result<_, _>>()?
        } else {
            vec![checked(text.to_owned())?]
        };
        Ok(Self { urls, cluster, authorities: None })
    }
}

impl RedisAddress {
    /// The same, where nobody is trusted but whoever has a certificate of these authorities, which are in PEM. Without TLS
    /// nobody shows any.
    pub fn trusting(self, authorities: Vec<u8>) -> Result<Self, InvalidAuthorities> {
        check_authorities(&authorities)?;
        Ok(Self { authorities: Some(authorities), ..self })
    }

    /// Whether connections are TLS.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.urls.iter().all(|url| url.starts_with("rediss:"))
    }

    /// What stands between connections to it and whoever is on their way.
    #[must_use]
    pub fn protection(&self) -> Protection {
        let here = |url: &String| {
            let info = url.as_str().into_connection_info();
            info.is_ok_and(|info| match info.addr() {
                ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => is_this_machine(host),
                _ => false,
            })
        };
        if self.urls.iter().all(here) {
            Protection::ThisMachine
        } else if self.is_encrypted() {
            Protection::Verified
        } else {
            Protection::Readable
        }
    }

    /// Whether the servers that it names are nodes of a Cluster.
    pub(crate) const fn is_cluster(&self) -> bool {
        self.cluster
    }

    /// The servers that it names, with whom they trust.
    pub(crate) fn servers(&self) -> RedisResult<Vec<ConnectionInfo>> {
        let server = |url: &String| match self.certificates() {
            Some(certificates) => Client::build_with_tls(url.as_str(), certificates),
            None => Client::open(url.as_str()),
        };
        self.urls.iter().map(|url| Ok(server(url)?.get_connection_info().clone())).collect()
    }

    /// Who is trusted, if it is not whom the machine trusts.
    pub(crate) fn certificates(&self) -> Option<TlsCertificates> {
        let authorities = self.authorities.clone().filter(|_| self.is_encrypted());
        authorities.map(|root| TlsCertificates { client_tls: None, root_cert: Some(root) })
    }
}

/// The URL, if the driver understands it and it names a host.
fn checked(url: String) -> Result<String, InvalidRedisAddress> {
    let info = url.as_str().into_connection_info().map_err(|_| InvalidRedisAddress::NoAddress)?;
    match info.addr() {
        ConnectionAddr::TcpTls { insecure: true, .. } => Err(InvalidRedisAddress::Insecure),
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. }
            if !host.is_empty() && *port != 0 =>
        {
            Ok(url)
        }
        _ => Err(InvalidRedisAddress::NoAddress),
    }
}

/// The URL, with asterisks for the user and the password.
impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = if self.is_encrypted() { "rediss" } else { "redis" };
        let cluster = if self.cluster { CLUSTER } else { "" };
        let parts = self.urls.iter().map(|url| {
            let place = url.split_once("://").map_or("", |(_, place)| place);
            place.rsplit_once('@').map_or((false, place), |(_, host)| (true, host))
        });
        let secret = if parts.clone().any(|(secret, _)| secret) { "***@" } else { "" };
        let hosts: Vec<&str> = parts.map(|(_, host)| host).collect();
        write!(f, "{protocol}{cluster}://{secret}{}", hosts.join(","))
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

    fn read(text: &str) -> RedisAddress {
        text.parse().unwrap()
    }

    #[test]
    fn reads_servers_and_clusters() {
        for url in [
            "redis://127.0.0.1:6379",
            "redis://cache",
            "redis://shop:p%40ss@cache:6380/3",
            "rediss://shop:p%40ss@cache:6380/3",
        ] {
            let address = read(url);
            assert_eq!((address.urls, address.cluster), (vec![url.to_owned()], false));
        }
        for (url, urls) in [
            ("redis+cluster://a:7000", &["redis://a:7000"][..]),
            ("redis+cluster://:p@a:7000,b:7001", &["redis://:p@a:7000", "redis://:p@b:7001"]),
            ("rediss+cluster://:p@a:7000,b:7001", &["rediss://:p@a:7000", "rediss://:p@b:7001"]),
        ] {
            let address = read(url);
            assert!(address.cluster && address.urls == urls, "{address:?}");
        }
    }

    #[test]
    fn tells_how_well_connections_are_protected() {
        use Protection::{Readable, ThisMachine, Verified};
        for (url, protection) in [
            ("redis://127.0.0.1:6379", ThisMachine),
            ("redis://[::1]", ThisMachine),
            ("rediss://localhost", ThisMachine),
            ("redis+cluster://localhost:7000,127.0.0.1:7001", ThisMachine),
            ("redis://:p@cache", Readable),
            ("redis+cluster://localhost:7000,b:7001", Readable),
            ("rediss://:p@cache", Verified),
            ("rediss+cluster://localhost:7000,b:7001", Verified),
        ] {
            assert_eq!(read(url).protection(), protection, "{url}");
        }
    }

    #[test]
    fn authorities_that_are_none_are_refused() {
        assert!(read("rediss://cache").trusting(Vec::new()).is_err());
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
            "rediss://",
            "rediss://secret#unsafe",
            "redisss://secret",
            "valkeys://secret",
            "http://secret",
            "redis+cluster://",
            "redis+cluster://a,",
            "redis+cluster://a/1",
            "rediss+cluster://a/1",
            "redis://secret/database",
        ] {
            let refused = text.parse::<RedisAddress>().unwrap_err();
            assert_eq!(refused, InvalidRedisAddress::NoAddress, "{text}");
            assert!(!refused.to_string().contains("secret"), "{text}");
        }
        for text in ["rediss://:secret@cache/#insecure", "rediss+cluster://a:7000,b:7001#insecure"] {
            assert_eq!(text.parse::<RedisAddress>(), Err(InvalidRedisAddress::Insecure), "{text}");
        }
    }

    #[test]
    fn shows_everything_but_the_password() {
        for (text, shown) in [
            ("redis://cache:6380/3", "redis://cache:6380/3"),
            ("redis://shop:secret@cache", "redis://***@cache"),
            ("rediss://shop:secret@cache", "rediss://***@cache"),
            ("redis+cluster://a:7000,b:7001", "redis+cluster://a:7000,b:7001"),
            ("redis+cluster://:secret@a:7000,b:7001", "redis+cluster://***@a:7000,b:7001"),
            ("rediss+cluster://:secret@a:7000,b:7001", "rediss+cluster://***@a:7000,b:7001"),
        ] {
            let address = read(text);
            assert_eq!(address.to_string(), shown);
            assert!(!format!("{address:?}").contains("secret"));
        }
    }
}
