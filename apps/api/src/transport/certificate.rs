//! The certificate that the server shows, and its key.

use std::fmt;
use std::fs;
use std::mem;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use anyhow::{Context, anyhow, bail};
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::Error;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

use crate::config::TlsFiles;

/// A certificate that can be replaced while connections that began with it go on.
pub(crate) struct Certificate {
    files: TlsFiles,
    provider: Arc<CryptoProvider>,
    shown: RwLock<Arc<CertifiedKey>>,
    /// What was in the files when they were last looked at, whether it could be used or not.
    seen: Mutex<Hash>,
}

type Hash = [u8; 32];

/// What was found when the files were looked at again.
#[derive(Debug)]
pub(crate) enum Renewal {
    /// The same as before.
    Same,
    /// A new certificate, which is shown from now on.
    New,
    /// Something that cannot be used. The certificate from before stays.
    Unusable(anyhow::Error),
}

impl Certificate {
    /// Reads the files.
    pub(crate) fn open(files: TlsFiles, provider: Arc<CryptoProvider>) -> anyhow::Result<Self> {
        let (hash, contents) = read(&files);
        let shown = contents.and_then(|contents| contents.parse(&files, &provider))?;
        Ok(Self { files, provider, shown: RwLock::new(Arc::new(shown)), seen: Mutex::new(hash) })
    }

    /// Looks at the files again. Those that were found unusable are told of once, unless `again`.
    pub(crate) fn renew(&self, again: bool) -> Renewal {
        let (hash, contents) = read(&self.files);
        let seen = mem::replace(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner), hash);
        if seen == hash && !again {
            return Renewal::Same;
        }
        match contents.and_then(|contents| contents.parse(&self.files, &self.provider)) {
            Ok(found) => {
                *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(found);
                Renewal::New
            }
            Err(error) => Renewal::Unusable(error),
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("files", &self.files).finish_non_exhaustive()
    }
}

/// What the two files hold.
struct Contents {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

/// The contents of both files, and a hash of them or of why they cannot be read.
fn read(files: &TlsFiles) -> (Hash, anyhow::Result<Contents>) {
    let contents = read_one("server.tls.certificate", &files.certificate).and_then(|certificate| {
        let key = Zeroizing::new(read_one("server.tls.key", &files.key)?);
        Ok(Contents { certificate, key })
    });
    let hash = match &contents {
        Ok(Contents { certificate, key }) => {
            // The length keeps apart what one file ends with and the other begins with.
            let length = certificate.len().to_le_bytes();
            Sha256::new().chain_update(length).chain_update(certificate).chain_update(key.as_slice())
        }
        Err(error) => Sha256::new().chain_update(format!("{error:#}")),
    };
    (hash.finalize().into(), contents)
}

fn read_one(name: &str, path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{name}: cannot read {}", path.display()))
}

impl Contents {
    fn parse(&self, files: &TlsFiles, provider: &CryptoProvider) -> anyhow::Result<CertifiedKey> {
        let (certificate, key) = (files.certificate.display(), files.key.display());
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&self.certificate)
            .collect::<Result<_, _>>()
            .map_err(|error| anyhow!("server.tls.certificate: {certificate} is not PEM: {error}"))?;
        if chain.is_empty() {
            bail!("server.tls.certificate: {certificate} has no certificate in it");
        }
        // The fault is not repeated: it might hold a part of the key.
        let private = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|_| anyhow!("server.tls.key: {key} has no private key in PEM in it"))?;
        let signer = provider.key_provider.load_private_key(private);
        let signer =
            signer.map_err(|error| anyhow!("server.tls.key: the key in {key} is of no use: {error}"))?;
        let pair = CertifiedKey::new(chain, signer);
        match pair.keys_match() {
            Ok(()) => Ok(pair),
            Err(Error::InconsistentKeys(_)) => {
                bail!("server.tls.key: the key in {key} does not belong to the certificate in {certificate}")
            }
            Err(error) => bail!("server.tls.certificate: {certificate} is of no use: {error}"),
        }
    }
}
