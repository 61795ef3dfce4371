//! Whose cryptography it is.

use tokio_rustls::rustls::crypto::ring;

/// Sees to it that the process has a provider of cryptography: *ring*, unless somebody has chosen another one. A driver that
/// asks for the one of the process panics where there is none and rustls cannot tell which is meant.
pub fn settle_provider() {
    // An error is another one that was there first.
    let _ = ring::default_provider().install_default();
}
