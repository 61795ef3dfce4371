//! What can be set about connections.

use super::reader::{Reader, quoted};
use crate::transport::TrustedProxies;

/// The settings of connections, checked.
#[derive(Debug, Clone)]
pub(crate) struct TransportSettings {
    /// `server.trusted_proxies`: whose word about a client's address is taken.
    pub(crate) trusted_proxies: TrustedProxies,
}

impl TransportSettings {
    pub(super) fn read(from: &mut Reader) -> Self {
        Self {
            trusted_proxies: from.parsed(
                "server.trusted_proxies",
                TrustedProxies::default(),
                |text| TrustedProxies::new(list(text)),
                |proxies| quoted(&proxies.to_string()),
            ),
        }
    }
}

/// The parts of a text with commas in it; an empty text has none.
fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(move |_| !text.trim().is_empty())
}
