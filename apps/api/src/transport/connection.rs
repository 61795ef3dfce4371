//! A connection with its client, encrypted or not.

use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::ahead::{Ahead, Marks};
use super::patience::{Patience, Patient};

/// A connection, watched from above and from below.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    marks: Marks,
    ahead: Ahead,
}

#[derive(Debug)]
enum Stream {
    /// Everybody between here and the client can read along.
    Plain(Patient<TcpStream>),
    /// Only the client can.
    Encrypted(Box<TlsStream<Patient<TcpStream>>>),
}

/// Makes connections of sockets.
#[derive(Clone)]
pub(super) struct Entrance {
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) patience: Patience,
    pub(super) handshake_timeout: Duration,
}

impl Entrance {
    /// A connection and its peer's address, after a handshake if there has to be one.
    pub(super) async fn admit(self, socket: TcpStream) -> io::Result<(Connection, Option<SocketAddr>)> {
        let peer = socket.peer_addr().ok();
        // A large answer goes in pieces, none of which has to wait for what was said about the one before.
        socket.set_nodelay(true)?;
        let connection = Patient::new(socket, self.patience);
        let Some(tls) = self.tls else { return Ok((Stream::Plain(connection).into(), peer)) };
        let handshake = timeout(self.handshake_timeout, tls.accept(connection)).await;
        let handshake = handshake.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()));
        let connection = handshake.inspect_err(|error| tracing::debug!(%error, "no TLS handshake"))?;
        Ok((Stream::Encrypted(Box::new(connection)).into(), peer))
    }
}

impl Connection {
    /// What the requests on it are to know.
    pub(super) fn ahead(&self) -> Ahead {
        self.ahead.clone()
    }
}

impl From<Stream> for Connection {
    fn from(stream: Stream) -> Self {
        Self { stream, marks: Marks::default(), ahead: Ahead::default() }
    }
}

impl Stream {
    /// Whether everything that was written is accepted, and nothing has come since.
    fn rests(&self) -> bool {
        match self {
            Self::Plain(connection) => connection.rests(),
            Self::Encrypted(connection) => connection.get_ref().0.rests(),
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut this.stream).poll_read(context, buffer);
        match outcome {
            Poll::Ready(_) => {
                let new = buffer.filled().get(before..).unwrap_or_default();
                this.ahead.come(this.marks.count(new))?;
            }
            Poll::Pending if this.stream.rests() => this.ahead.rest(),
            Poll::Pending => {}
        }
        outcome
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, buffer)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(connection) => Pin::new(connection).poll_read(context, buffer),
            Self::Encrypted(connection) => Pin::new(connection).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(connection) => Pin::new(connection).poll_write(context, buffer),
            Self::Encrypted(connection) => Pin::new(connection).poll_write(context, buffer),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(connection) => Pin::new(connection).poll_write_vectored(context, buffers),
            Self::Encrypted(connection) => Pin::new(connection).poll_write_vectored(context, buffers),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(connection) => connection.is_write_vectored(),
            Self::Encrypted(connection) => connection.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(connection) => Pin::new(connection).poll_flush(context),
            Self::Encrypted(connection) => Pin::new(connection).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(connection) => Pin::new(connection).poll_shutdown(context),
            Self::Encrypted(connection) => Pin::new(connection).poll_shutdown(context),
        }
    }
}
