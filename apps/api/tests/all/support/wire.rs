//! HTTP by hand: what is written is what goes, once, on one connection.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Reply;

/// A connection on which bytes are written as they are.
pub(crate) struct Wire<S>(pub(crate) S);

impl Wire<TcpStream> {
    pub(crate) async fn open(address: &str) -> Self {
        Self(TcpStream::connect(address).await.expect("a connection"))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// Writes these bytes. The server may have had enough and be gone.
    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        if self.0.write_all(bytes.as_ref()).await.is_ok() {
            let _ = self.0.flush().await;
        }
    }

    /// Writes a request and reads its answer. The connection stays.
    pub(crate) async fn ask(&mut self, request: &str) -> Reply {
        self.say(request).await;
        self.hear(request).await
    }

    /// Asks for a path.
    pub(crate) async fn get(&mut self, path: &str) -> Reply {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await
    }

    /// Reads an answer that has a length.
    pub(crate) async fn hear(&mut self, request: &str) -> Reply {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.expect("a head"));
        }
        let head = String::from_utf8(head).expect("text");
        let mut reply =
            Reply::of(request.lines().next().unwrap_or_default().to_owned(), &head, String::new());
        let length = reply.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.expect("a body");
        reply.text = String::from_utf8(body).expect("text");
        reply.body = serde_json::from_str(&reply.text).unwrap_or_default();
        reply
    }
}
