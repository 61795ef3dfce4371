//! Why a handshake failed.

use std::error::Error;
use std::io;
use std::sync::Arc;

use tokio_rustls::rustls::{self, AlertDescription, CertificateError};

/// Why there is no encrypted connection, in words, if that is what an error of a driver is about.
#[must_use]
pub fn failure(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(words(error));
    }
    // What is inside of these is not what they name as their source, but its source.
    if let Some(inside) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        return failure(inside);
    }
    if let Some(inside) = error.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        return failure(&**inside);
    }
    error.source().and_then(failure)
}

fn words(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(problem) => {
            format!("the certificate of the server {}", refused(problem))
        }
        // The first bytes of another protocol.
        rustls::Error::InvalidMessage(_) => "what answers there does not speak TLS".to_owned(),
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "the server wants a certificate of its client".to_owned()
        }
        other => format!("the server and the shop do not agree on TLS: {other}"),
    }
}

fn refused(problem: &CertificateError) -> String {
    match problem {
        CertificateError::UnknownIssuer => "is of no authority that is trusted".to_owned(),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("is for another host: {problem}")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "is not valid yet, by the clock of this machine".to_owned()
        }
        CertificateError::BadSignature => "was not made by the authority that it names".to_owned(),
        CertificateError::Revoked => "was revoked".to_owned(),
        other => format!("is not accepted: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the driver of Redis has it.
    #[derive(Debug, thiserror::Error)]
    #[error("outside")]
    struct Outside(#[source] Arc<dyn Error + Send + Sync>);

    #[test]
    fn the_reason_is_found_wherever_it_is_and_said_in_words() {
        let unknown = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let unknown = || io::Error::new(io::ErrorKind::InvalidData, unknown.clone());
        let told = "the certificate of the server is of no authority that is trusted";
        assert_eq!(failure(&unknown()).as_deref(), Some(told));
        assert_eq!(failure(&Outside(Arc::new(unknown()))).as_deref(), Some(told));
        let outside: Arc<dyn Error + Send + Sync> = Arc::new(Outside(Arc::new(unknown())));
        assert_eq!(failure(&io::Error::other(outside)).as_deref(), Some(told));
    }

    #[test]
    fn what_is_not_about_tls_has_no_such_reason() {
        assert_eq!(failure(&io::Error::from(io::ErrorKind::ConnectionRefused)), None);
        assert_eq!(failure(&io::Error::other("TLS")), None);
        assert_eq!(
            failure(&Outside(Arc::new(io::Error::other(Outside(Arc::new(io::Error::other("x"))))))),
            None
        );
    }
}
