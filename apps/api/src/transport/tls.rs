//! TLS by rustls: versions 1.2 and 1.3, and a certificate that is looked at again and again.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ServerConfig, crypto::CryptoProvider};

use super::certificate::{Certificate, Renewal};
use crate::config::TlsFiles;

/// How often the files are looked at. They are small, and whoever replaces them has a minute's patience.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What makes connections TLS.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    config: Arc<ServerConfig>,
    certificate: Arc<Certificate>,
}

impl Tls {
    /// Reads certificate and key.
    pub(crate) fn open(files: TlsFiles) -> anyhow::Result<Self> {
        let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
        let certificate = Arc::new(Certificate::open(files, Arc::clone(&provider))?);
        let resolver = Arc::clone(&certificate);
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), certificate })
    }

    /// What connections are accepted by.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }

    /// Shows a new certificate soon after it is in its files, and at once when somebody says so. Connections that are there
    /// go on. What cannot be used is warned of, and the certificate from before stays.
    pub(crate) async fn keep_fresh(self, mut told: impl AsyncFnMut()) {
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let again = tokio::select! {
                _ = ticks.tick() => false,
                () = told() => true,
            };
            let certificate = Arc::clone(&self.certificate);
            match spawn_blocking(move || certificate.renew(again)).await {
                Ok(Renewal::Same) => {}
                Ok(Renewal::New) => tracing::info!("the certificate was read anew"),
                Ok(Renewal::Unusable(error)) => {
                    let error = format!("{error:#}");
                    tracing::warn!(error, "the new certificate is of no use; the one from before stays");
                }
                Err(error) => tracing::warn!(%error, "the certificate could not be looked at"),
            }
        }
    }
}
