//! Requests that are held back at their last byte, so that many of them are on their way at the same time.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Person, Reply};

/// A request on a connection of its own, of which the server has everything but the end.
pub(crate) struct HeldRequest {
    connection: TcpStream,
    name: String,
}

impl HeldRequest {
    /// Begins a POST without a body.
    pub(crate) async fn begin(address: &str, person: &Person, path: &str, key: &str) -> Self {
        let mut connection = TcpStream::connect(address).await.expect("a connection");
        let head = format!(
            "POST /api/v1{path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
            Idempotency-Key: {key}\r\nContent-Length: 0\r\nConnection: close\r\n",
            person.access_token
        );
        connection.write_all(head.as_bytes()).await.expect("the server reads");
        Self { connection, name: format!("POST {path}") }
    }

    /// Ends it, and reads the answer.
    pub(crate) async fn end(mut self) -> Reply {
        self.connection.write_all(b"\r\n").await.expect("the server reads");
        let mut answer = String::new();
        self.connection.read_to_string(&mut answer).await.expect("an answer");
        let (head, text) = answer.split_once("\r\n\r\n").expect("a head");
        Reply::of(self.name, head, text.to_owned())
    }
}
