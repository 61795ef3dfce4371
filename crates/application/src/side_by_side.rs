//! Futures that go on next to each other, in one task.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// Runs all of them to their ends; what came out is in their order.
pub(crate) async fn side_by_side<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<Result<F::Output, Pin<Box<F>>>> =
        futures.into_iter().map(|future| Err(Box::pin(future))).collect();
    poll_fn(|context| {
        let mut waiting = false;
        for place in &mut running {
            if let Err(future) = place {
                match future.as_mut().poll(context) {
                    Poll::Ready(output) => *place = Ok(output),
                    Poll::Pending => waiting = true,
                }
            }
        }
        if waiting { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    running.into_iter().filter_map(Result::ok).collect()
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::side_by_side;

    #[tokio::test]
    async fn one_that_waits_holds_up_no_other() {
        let (send, receive) = oneshot::channel();
        let mut send = Some(send);
        let mut receive = Some(receive);
        let futures = (0..3).map(|n| {
            let (receive, send) =
                ((n == 0).then(|| receive.take()).flatten(), (n == 2).then(|| send.take()).flatten());
            async move {
                if let Some(receive) = receive {
                    receive.await.unwrap();
                }
                if let Some(send) = send {
                    send.send(()).unwrap();
                }
                n
            }
        });
        assert_eq!(side_by_side(futures).await, [0, 1, 2]);
        assert_eq!(side_by_side(Vec::<std::future::Ready<()>>::new()).await, []);
    }
}
