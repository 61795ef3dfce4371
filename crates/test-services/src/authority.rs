//! Certificates for servers.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, Error, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use tempfile::TempDir;

/// An authority that nobody trusts but those who are given its file.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

/// What a server shows to its clients, in PEM.
#[derive(Debug, Clone)]
pub struct Certificate {
    pub(crate) chain: String,
    pub(crate) key: String,
    /// Nodes of a Cluster verify each other.
    pub(crate) authority: String,
}

impl Authority {
    /// A new one.
    ///
    /// # Panics
    /// If it cannot be made: a test cannot go on.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "each is another one")]
    #[expect(clippy::expect_used, reason = "this is for tests: without it a test cannot go on")]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let issuer = issuer().expect("an authority");
        fs::write(folder.path().join("authority.pem"), issuer.pem()).expect("a file");
        Self { issuer, folder }
    }

    /// Where its certificate is, in PEM. The file is gone with it.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// A certificate for a host: its name or its address.
    ///
    /// # Panics
    /// If that is neither: a test cannot go on.
    #[must_use]
    pub fn certificate(&self, host: &str) -> Certificate {
        self.certify(host, 4096)
    }

    /// One whose time is over.
    ///
    /// # Panics
    /// If the host is neither a name nor an address: a test cannot go on.
    #[must_use]
    pub fn expired(&self, host: &str) -> Certificate {
        self.certify(host, 2020)
    }

    #[expect(clippy::expect_used, reason = "this is for tests: without it a test cannot go on")]
    fn certify(&self, host: &str, until: i32) -> Certificate {
        let mut params = CertificateParams::new([host.to_owned()]).expect("a host");
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Certificate { chain: certificate.pem(), key: key.serialize_pem(), authority: self.issuer.pem() }
    }
}

impl Certificate {
    /// Puts what it is made of into a folder.
    pub(crate) fn put(&self, folder: &Path) -> std::io::Result<()> {
        let files = [(CERTIFICATE, &self.chain), (KEY, &self.key), (AUTHORITY, &self.authority)];
        files.into_iter().try_for_each(|(name, text)| fs::write(folder.join(name), text))
    }
}

/// The certificate of a server, in its folder.
pub(crate) const CERTIFICATE: &str = "certificate.pem";
/// Its key.
pub(crate) const KEY: &str = "key.pem";
/// That of who made it.
pub(crate) const AUTHORITY: &str = "authority.pem";

fn issuer() -> Result<CertifiedIssuer<'static, KeyPair>, Error> {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    // Of two with one name the wrong one would be asked.
    let name = format!("Authority {} of a test", NUMBER.fetch_add(1, Ordering::Relaxed));
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}
