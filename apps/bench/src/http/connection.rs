//! A connection that is kept alive, with one request under way at a time.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::answer::{Answer, head};

/// Room for any answer to an order; the buffer grows once where answers are larger.
const ROOM: usize = 4 * 1024;

#[derive(Debug)]
pub(crate) struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

impl Connection {
    /// Not connected until the first request.
    pub(crate) fn to(address: SocketAddr) -> Self {
        Self { address, stream: None, buffer: vec![0; ROOM] }
    }

    /// Connects before the first request, so that this is not part of its latency.
    pub(crate) async fn open(&mut self) -> Result<()> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            self.stream = Some(stream);
        }
        Ok(())
    }

    /// Sends a request and waits for its answer. After an error nobody knows what became of the request; the next one goes
    /// over a new connection.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.open().await?;
        let Some(mut stream) = self.stream.take() else { anyhow::bail!("not connected") };
        stream.write_all(request).await?;
        let (mut filled, mut expected) = (0, None);
        let head = loop {
            if self.buffer.len() == filled {
                self.buffer.resize(2 * filled, 0);
            }
            let read = stream.read(&mut self.buffer[filled..]).await?;
            ensure!(read > 0, "the server has closed the connection");
            filled += read;
            if expected.is_none() {
                expected = head(&self.buffer[..filled])?;
                if let Some(head) = expected {
                    self.buffer.resize(self.buffer.len().max(head.length + head.body), 0);
                }
            }
            if let Some(head) = expected.filter(|head| filled >= head.length + head.body) {
                break head;
            }
        };
        ensure!(filled == head.length + head.body, "the server has said more than was asked for");
        if !head.closes {
            self.stream = Some(stream);
        }
        let (bytes, body) = self.buffer[..filled].split_at(head.length);
        Ok(Answer { status: head.status, head: bytes, body })
    }
}
