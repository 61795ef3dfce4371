//! How well a connection is protected.

use std::net::IpAddr;

/// What stands between a connection and whoever is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// It does not leave this machine.
    ThisMachine,
    /// It is encrypted, and only to a server that shows a certificate of a trusted authority for the name of its host.
    Verified,
    /// It is encrypted, perhaps to somebody else than the server: nobody compares the host name, or looks at all.
    Unverified,
    /// Whoever is on its way can read it, or can see to it that they can.
    Readable,
}

/// Whether a host, as a URL names it, is this machine whatever the network says: a loopback address or `localhost`.
#[must_use]
pub fn is_this_machine(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    match address.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_goes_by_its_own_names_only() {
        for host in ["localhost", "LocalHost", "127.0.0.1", "127.1.2.3", "::1", "[::1]", "::ffff:127.0.0.1"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in
            ["", "db", "localhost.example.com", "10.0.0.1", "0.0.0.0", "[2001:db8::1]", "127.0.0.1.nip.io"]
        {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
