//! Large bodies, a piece at a time.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;

/// How much is copied for a connection at once.
const PIECE: usize = 16 * 1024;

/// A body that all its readers share. Whole, it would be copied for each of them, and the copy would be kept for as long as
/// the client takes to read it.
#[derive(Debug)]
struct Pieces(Bytes);

/// The body, in pieces if it is large.
pub(crate) fn in_pieces(body: BoxBody) -> BoxBody {
    match body.size() {
        BodySize::Sized(size) if size > PIECE as u64 => match body.try_into_bytes() {
            Ok(bytes) => BoxBody::new(Pieces(bytes)),
            Err(body) => body,
        },
        _ => body,
    }
}

impl MessageBody for Pieces {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let size = self.0.len().min(PIECE);
        Poll::Ready((size > 0).then(|| Ok(self.0.split_to(size))))
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[test]
    fn the_pieces_are_the_body() {
        for size in [0, 1, PIECE, PIECE + 1, 5 * PIECE, 5 * PIECE + 7] {
            let whole: Vec<u8> = (0_u8..=250).cycle().take(size).collect();
            let mut body = in_pieces(BoxBody::new(whole.clone()));
            assert_eq!(body.size(), BodySize::Sized(size as u64));
            let (mut read, mut context) = (Vec::new(), Context::from_waker(Waker::noop()));
            while let Poll::Ready(Some(piece)) = Pin::new(&mut body).poll_next(&mut context) {
                let piece = piece.unwrap();
                assert!(piece.len() <= PIECE);
                read.extend_from_slice(&piece);
            }
            assert_eq!(read, whole);
        }
    }
}
