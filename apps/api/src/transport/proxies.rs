//! Who is behind a connection that a proxy makes.

use std::fmt;
use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use ipnet::IpNet;

/// Written by proxies, each of which appends the address that it was called from. `Forwarded` of RFC 7239 is not read: proxies
/// that do not know it would pass on what a client wrote there.
const HEADER: &str = "X-Forwarded-For";

/// The networks of proxies whose word about their clients is taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Addresses and networks, such as `192.0.2.1` and `10.0.0.0/8`.
    pub(crate) fn new<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let network = |text: &str| -> Option<IpNet> {
            if let Ok(address) = text.parse::<IpAddr>() {
                return Some(IpNet::from(address.to_canonical()));
            }
            text.parse().ok()
        };
        let refused = |text| {
            format!(
                "must be addresses or networks such as 192.0.2.1 or 10.0.0.0/8, with commas between them, not {text:?}"
            )
        };
        texts.map(|text| network(text).ok_or_else(|| refused(text))).collect::<Result<_, _>>().map(Self)
    }

    /// Whether that is everybody.
    pub(crate) fn is_everybody(&self) -> bool {
        self.0.iter().any(|network| network.prefix_len() == 0)
    }

    /// The address of whoever made a request; `None` if the connection has none.
    pub(crate) fn client(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?.ip();
        Some(self.behind(peer, request.headers()))
    }

    /// The right-most address that is not a trusted proxy's, beginning with the peer of the connection. What is left of it
    /// was written by somebody who is not trusted, and could be anything.
    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.trusts(client) {
            return client;
        }
        let values: Vec<&str> =
            headers.get_all(HEADER).map(|value| value.to_str().unwrap_or_default()).collect();
        for hop in values.iter().rev().flat_map(|value| value.rsplit(',')) {
            // What is no address ends the trail at the proxy that passed it on.
            let Some(address) = address(hop.trim()) else { return client };
            client = address;
            if !self.trusts(client) {
                return client;
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Who is behind an address. Whoever has one IPv6 address has all of its network of 64 bits.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        address @ IpAddr::V4(_) => address,
    }
}

impl fmt::Display for TrustedProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&texts.join(","))
    }
}

/// An address as proxies write it: some with a port, and some with brackets around version 6.
fn address(text: &str) -> Option<IpAddr> {
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => match text.split_once(':') {
            Some((address, port)) if !port.contains(':') => address,
            _ => text,
        },
    };
    bare.parse().ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use proptest::prelude::*;

    use super::*;

    fn proxies(texts: &[&str]) -> TrustedProxies {
        TrustedProxies::new(texts.iter().copied()).unwrap()
    }

    fn client(proxies: &TrustedProxies, peer: &str, values: &[&str]) -> String {
        let mut request = TestRequest::default().peer_addr((peer.parse::<IpAddr>().unwrap(), 1).into());
        for value in values {
            request = request.append_header((HEADER, *value));
        }
        proxies.client(&request.to_http_request()).unwrap().to_string()
    }

    #[test]
    fn the_client_is_the_right_most_address_that_is_not_trusted() {
        let ours = proxies(&["10.0.0.0/8", "2001:db8:ffff::/48", "192.0.2.7"]);
        for (peer, values, behind) in [
            // A proxy, and two.
            ("10.0.0.1", &["198.51.100.1"][..], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1, 192.0.2.7"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1", "192.0.2.7,10.1.2.3"], "198.51.100.1"),
            // Whatever the client wrote is left of its address.
            ("10.0.0.1", &["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["10.0.0.2, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["nonsense, 198.51.100.1"], "198.51.100.1"),
            // The proxies themselves call.
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.2, 10.0.0.3"], "10.0.0.2"),
            // What is no address ends the trail.
            ("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1, , 10.0.0.3"], "10.0.0.3"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            // However it is written.
            ("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("10.0.0.1", &["[2001:db8::1]"], "2001:db8::1"),
            ("10.0.0.1", &["2001:db8::1"], "2001:db8::1"),
            ("10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("2001:db8:ffff::1", &["198.51.100.1"], "198.51.100.1"),
            // Nobody else is believed.
            ("198.51.100.9", &["203.0.113.1"], "198.51.100.9"),
            ("192.0.2.8", &["203.0.113.1, 10.0.0.1"], "192.0.2.8"),
        ] {
            assert_eq!(client(&ours, peer, values), behind, "{peer} {values:?}");
        }
        assert_eq!(client(&TrustedProxies::default(), "10.0.0.1", &["198.51.100.1"]), "10.0.0.1");
    }

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        assert_eq!(
            proxies(&["192.0.2.1", "10.0.0.0/8", "::1"]).to_string(),
            "192.0.2.1/32,10.0.0.0/8,::1/128"
        );
        assert!(proxies(&["10.0.0.0/8", "::/0"]).is_everybody() && !proxies(&["10.0.0.0/8"]).is_everybody());
        for bad in ["", "proxy.example.com", "10.0.0.0/33", "10.0.0", "10.0.0.1:80", "*"] {
            assert!(TrustedProxies::new([bad].into_iter()).is_err(), "{bad}");
        }
    }

    proptest! {
        /// However much a client writes, behind a trusted proxy it is itself, and without one too.
        #[test]
        fn a_client_cannot_choose_its_address(forged in "[ -~]{0,60}", bits in any::<u32>()) {
            let client_address = IpAddr::V4(bits.into());
            let ours = proxies(&["10.0.0.0/8"]);
            prop_assume!(!ours.trusts(client_address));
            let appended = format!("{forged}, {client_address}");
            prop_assert_eq!(client(&ours, "10.0.0.1", &[&appended]), client_address.to_string());
            prop_assert_eq!(client(&ours, "10.0.0.1", &[&forged, &client_address.to_string()]), client_address.to_string());
            prop_assert_eq!(client(&ours, &client_address.to_string(), &[&forged]), client_address.to_string());
        }
    }

    #[test]
    fn a_client_is_an_address_or_a_network() {
        for (address, behind) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ] {
            assert_eq!(network_of(address.parse().unwrap()).to_string(), behind);
        }
    }
}
