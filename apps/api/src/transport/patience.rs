//! Connections whose clients may be slow, but not for ever.
//!
//! The HTTP library has a time-out for the head of a connection's first request and one for a connection that rests. It has
//! none for a later head that trickles in, for an answer that nobody reads, or for a body that is left unfinished after its
//! request was answered. This one is below all of that, and sees only whether something goes in or out.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Interval, MissedTickBehavior, interval};

/// How long a client may take for what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    tick: Duration,
    resting: u32,
    asking: u32,
    answered: u32,
}

impl Patience {
    /// For nothing at all; from the first byte of a request to the first of its answer; to accept what is written at once.
    pub(crate) fn new(resting: Duration, asking: Duration, answered: Duration) -> Self {
        // Time is counted in ticks, so that a request costs no look at a clock. The first of them may come at once.
        let tick = (resting.min(asking).min(answered) / 4).max(Duration::from_millis(1));
        let ticks = |limit: Duration| {
            u32::try_from(limit.as_nanos().div_ceil(tick.as_nanos())).unwrap_or(u32::MAX).saturating_add(1)
        };
        Self { tick, resting: ticks(resting), asking: ticks(asking), answered: ticks(answered) }
    }
}

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    /// Everything was answered and accepted: for the next request.
    Resting,
    /// Something of a request has come, and nothing of its answer has gone: for one or the other.
    Asking,
    /// Not all that was written at once is accepted: for the client to read.
    Answered,
}

/// A connection that ends when its client is too slow.
#[derive(Debug)]
pub(crate) struct Patient<T> {
    connection: T,
    patience: Patience,
    waiting: Waiting,
    /// For how many ticks.
    age: u32,
    ticks: Interval,
}

impl<T> Patient<T> {
    pub(crate) fn new(connection: T, patience: Patience) -> Self {
        let mut ticks = interval(patience.tick);
        // Nobody asks while a request is worked on; that time is not the client's.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { connection, patience, waiting: Waiting::Resting, age: 0, ticks }
    }

    /// Whether it waits for the next request.
    pub(super) fn rests(&self) -> bool {
        self.waiting == Waiting::Resting
    }

    fn wait_for(&mut self, waiting: Waiting) {
        (self.waiting, self.age) = (waiting, 0);
    }

    /// Counts the ticks that have passed; when they are too many, that is a fault of the connection.
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        let most = match self.waiting {
            Waiting::Resting => self.patience.resting,
            Waiting::Asking => self.patience.asking,
            Waiting::Answered => self.patience.answered,
        };
        while self.ticks.poll_tick(context).is_ready() {
            self.age += 1;
            if self.age > most {
                tracing::debug!(waiting = ?self.waiting, "a client was too slow");
                return Err(ErrorKind::TimedOut.into());
            }
        }
        Ok(())
    }

    /// Notes what became of writing so many bytes.
    fn written(
        &mut self,
        context: &mut Context<'_>,
        all: usize,
        outcome: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Ready(Ok(count)) if count >= all => self.wait_for(Waiting::Resting),
            // A client that reads a little now and then is not ahead of one that reads nothing.
            Poll::Ready(_) => {}
            Poll::Pending => {
                if self.waiting != Waiting::Answered {
                    self.wait_for(Waiting::Answered);
                }
                self.check(context)?;
            }
        }
        outcome
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Patient<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut this.connection).poll_read(context, buffer);
        if buffer.filled().len() > before && this.waiting == Waiting::Resting {
            this.wait_for(Waiting::Asking);
        } else {
            // Also when more has come: a client that never stops talking is never waited for.
            this.check(context)?;
        }
        outcome
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Patient<T> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.connection).poll_write(context, buffer);
        this.written(context, buffer.len(), outcome)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let all = buffers.iter().map(|buffer| buffer.len()).sum();
        let outcome = Pin::new(&mut this.connection).poll_write_vectored(context, buffers);
        this.written(context, all, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().connection).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.connection).poll_shutdown(context);
        if outcome.is_pending() {
            this.check(context)?;
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    const SHORT: Duration = Duration::from_millis(40);
    const LONG: Duration = Duration::from_hours(1);

    /// A connection with room for 16 bytes, and its client.
    fn connection([resting, asking, answered]: [Duration; 3]) -> (Patient<DuplexStream>, DuplexStream) {
        let (server, client) = duplex(16);
        (Patient::new(server, Patience::new(resting, asking, answered)), client)
    }

    #[tokio::test]
    async fn a_client_that_says_nothing_is_left() {
        let (mut server, _client) = connection([SHORT, LONG, LONG]);
        assert_eq!(server.read_u8().await.unwrap_err().kind(), ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_client_that_never_ends_its_request_is_left_however_much_it_says() {
        let (mut server, mut client) = connection([LONG, SHORT, LONG]);
        let asking = tokio::spawn(async move {
            while client.write_u8(b'x').await.is_ok() {
                tokio::time::sleep(SHORT / 20).await;
            }
        });
        let mut read = 0_usize;
        let fault = loop {
            match server.read_u8().await {
                Ok(_) => read += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(fault.kind(), ErrorKind::TimedOut);
        assert!(read > 1, "{read}");
        drop(server);
        asking.await.unwrap();
    }

    /// A body without an end, as fast as it can be read.
    #[tokio::test]
    async fn a_client_that_never_stops_talking_is_left() {
        let endless = tokio::io::repeat(b'x');
        let mut server = Patient::new(endless, Patience::new(LONG, SHORT, LONG));
        let mut buffer = [0; 1_024];
        let reading = async { while server.read(&mut buffer).await.is_ok() {} };
        tokio::time::timeout(100 * SHORT, reading).await.expect("it is left");
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_left() {
        let (mut server, _client) = connection([LONG, LONG, SHORT]);
        assert_eq!(server.write_all(&[0; 17]).await.unwrap_err().kind(), ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_client_that_reads_too_little_is_left() {
        let (mut server, mut client) = connection([LONG, LONG, SHORT]);
        let reading = tokio::spawn(async move {
            while client.read_u8().await.is_ok() {
                tokio::time::sleep(SHORT / 20).await;
            }
        });
        assert_eq!(server.write_all(&vec![0; 100_000]).await.unwrap_err().kind(), ErrorKind::TimedOut);
        drop(server);
        reading.await.unwrap();
    }

    #[tokio::test]
    async fn a_client_that_does_its_part_stays_for_as_long_as_it_likes() {
        let (mut server, mut client) = connection([20 * SHORT; 3]);
        let talking = tokio::spawn(async move {
            for _ in 0..40 {
                client.write_u8(1).await.unwrap();
                assert_eq!(client.read_u8().await.unwrap(), 2);
                tokio::time::sleep(SHORT).await;
            }
        });
        for _ in 0..40 {
            server.read_u8().await.unwrap();
            server.write_u8(2).await.unwrap();
        }
        talking.await.unwrap();
    }

    #[test]
    fn a_limit_is_at_least_as_many_ticks_as_it_takes() {
        let patience =
            Patience::new(Duration::from_secs(90), Duration::from_secs(41), Duration::from_secs(30));
        assert_eq!(patience.tick, Duration::from_millis(7_500));
        assert_eq!((patience.resting, patience.asking, patience.answered), (13, 7, 5));
    }
}
