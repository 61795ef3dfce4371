//! HTTP by hand, for what no client would do.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use crate::identity::Identity;
use crate::support::Wire;

impl Wire<TlsStream<TcpStream>> {
    /// An encrypted connection, if the server shows this certificate.
    pub(crate) async fn secure(address: &str, trusted: &Identity) -> io::Result<Self> {
        let connector = trusted.client(&[&TLS13, &TLS12], &[]);
        let name = ServerName::try_from("localhost").expect("a name");
        Ok(Self(connector.connect(name, TcpStream::connect(address).await?).await?))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// Reads until the server closes, or resets, the connection.
    pub(crate) async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        let _ = self.0.read_to_end(&mut rest).await;
        String::from_utf8_lossy(&rest).into_owned()
    }
}
