//! A certificate of one's own.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

/// A certificate for `localhost` that only those trust who have it, and its key.
pub(crate) struct Identity {
    /// In PEM.
    pub(crate) certificate: String,
    /// In PEM.
    pub(crate) key: String,
    der: CertificateDer<'static>,
}

impl Identity {
    pub(crate) fn new() -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        Self { certificate: cert.pem(), key: signing_key.serialize_pem(), der: cert.der().clone() }
    }

    /// Puts both into a folder. Whoever looks in between sees halves of two.
    pub(crate) fn put(&self, folder: &Path) {
        for (name, text) in [("certificate.pem", &self.certificate), ("key.pem", &self.key)] {
            let (new, path) = (folder.join("new"), folder.join(name));
            fs::write(&new, text).and_then(|()| fs::rename(new, path)).expect("a file");
        }
    }

    /// The settings of a server that shows what is in a folder.
    pub(crate) fn settings(folder: &Path) -> [(&'static str, String); 2] {
        let path = |name: &str| folder.join(name).display().to_string();
        [
            ("JANGTEO__SERVER__TLS__CERTIFICATE", path("certificate.pem")),
            ("JANGTEO__SERVER__TLS__KEY", path("key.pem")),
        ]
    }

    /// A client that trusts nothing else, and speaks these versions and protocols.
    pub(crate) fn client(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        protocols: &[&str],
    ) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).expect("a certificate");
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_protocol_versions(versions).expect("there are such versions");
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        TlsConnector::from(Arc::new(config))
    }
}
