//! Reading answers.

use anyhow::{Context as _, Result, bail};

/// The most header lines that an answer may have.
const MOST_HEADERS: usize = 32;

/// An answer, as it lies in the buffer of its connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    /// The status line and the headers, as they came.
    pub(crate) head: &'a [u8],
    pub(crate) body: &'a [u8],
}

/// The beginning of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    /// Where the body begins.
    pub(super) length: usize,
    /// How long the body is.
    pub(super) body: usize,
    /// Whether the server goes away after it.
    pub(super) closes: bool,
}

/// Reads the head of an answer; `None` if it is not all there yet. Only what the shop sends is understood: a body has its
/// length in front.
pub(super) fn head(bytes: &[u8]) -> Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = response.parse(bytes).context("this is no answer")? else {
        return Ok(None);
    };
    let status = response.code.context("an answer has a status")?;
    let (mut body, mut closes) = (None, false);
    for header in response.headers.iter() {
        if header.name.eq_ignore_ascii_case("content-length") {
            let text = std::str::from_utf8(header.value)?;
            body = Some(text.trim().parse().context("a length is a number")?);
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            bail!("an answer came in pieces, which no workload asks for");
        } else if header.name.eq_ignore_ascii_case("connection") {
            closes = header.value.eq_ignore_ascii_case(b"close");
        }
    }
    let bodiless = status < 200 || status == 204 || status == 304;
    let body = if bodiless { 0 } else { body.context("an answer has no length")? };
    Ok(Some(Head { status, length, body, closes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATED: &[u8] =
        b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nlocation: /api/v1/orders/1\r\n\r\n{}HTTP/1.1 2";

    #[test]
    fn a_head_is_read_once_it_is_complete() {
        let end = CREATED.len() - b"{}HTTP/1.1 2".len();
        for cut in 0..end {
            assert_eq!(head(&CREATED[..cut]).unwrap(), None, "{cut}");
        }
        let read = Head { status: 201, length: end, body: 2, closes: false };
        assert_eq!(head(&CREATED[..end]).unwrap(), Some(read));
        assert_eq!(head(CREATED).unwrap(), Some(read));
    }

    #[test]
    fn what_has_no_body_needs_no_length() {
        for status in ["304 Not Modified", "204 No Content"] {
            let bytes = format!("HTTP/1.1 {status}\r\netag: \"1.1\"\r\n\r\n");
            assert_eq!(head(bytes.as_bytes()).unwrap().unwrap().body, 0);
        }
        assert!(head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }

    #[test]
    fn a_server_that_goes_away_says_so() {
        let read = head(b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        assert!(read.unwrap().unwrap().closes);
    }

    #[test]
    fn anything_else_is_refused() {
        assert!(head(b"SSH-2.0-OpenSSH\r\n").is_err());
        assert!(head(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
        assert!(head(b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n").is_err());
    }
}
