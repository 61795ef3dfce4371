//! Files of authorities.

use std::fs;
use std::path::Path;

use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

/// Nobody could be verified by this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidAuthorities(String);

/// The certificates of authorities in a file, in PEM, checked. A driver that got an empty file would trust the machine's
/// authorities instead, or nobody, and say so at the first connection only.
pub fn read_authorities(path: &Path) -> Result<Vec<u8>, InvalidAuthorities> {
    let shown = path.display();
    let pem = fs::read(path).map_err(|error| InvalidAuthorities(format!("cannot read {shown}: {error}")))?;
    check_authorities(&pem)
        .map_err(|InvalidAuthorities(problem)| InvalidAuthorities(format!("{shown} {problem}")))?;
    Ok(pem)
}

/// Whether there are certificates in a text in PEM, all of which can stand for authorities.
pub fn check_authorities(pem: &[u8]) -> Result<(), InvalidAuthorities> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| InvalidAuthorities(format!("is not PEM: {error}")))?;
        roots.add(certificate).map_err(|error| {
            InvalidAuthorities(format!("has a certificate in it that is of no use: {error}"))
        })?;
    }
    if roots.is_empty() {
        return Err(InvalidAuthorities("has no certificate in it".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jangteo_test_services::Authority;

    use super::*;

    #[test]
    fn a_file_without_authorities_is_refused_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let told = || read_authorities(&path).unwrap_err().to_string();
        assert!(told().contains("cannot read") && told().contains("ca.pem"), "{}", told());
        let torn = "-----BEGIN CERTIFICATE-----\nMIIB";
        let no_certificate = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
        for (text, problem) in [
            ("", "ca.pem has no certificate"),
            ("# mine", "ca.pem has no certificate"),
            (torn, "ca.pem is not PEM"),
            (no_certificate, "of no use"),
        ] {
            fs::write(&path, text).unwrap();
            assert!(told().contains(problem), "{text}: {}", told());
        }
        let pem = fs::read(Authority::new().file()).unwrap();
        fs::write(&path, [&pem[..], b"\n", &pem].concat()).unwrap();
        assert_eq!(read_authorities(&path).map(|read| read.len()), Ok(2 * pem.len() + 1));
    }
}
