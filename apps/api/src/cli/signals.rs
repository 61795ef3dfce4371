//! What tells the server to stop.

use std::future::Future;
use std::io;

/// Resolves at SIGTERM or SIGINT. Both are taken over right now.
#[cfg(unix)]
pub(super) fn stop() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Resolves at the next SIGHUP, each time. It is taken over right now, and does not end the process any more.
#[cfg(unix)]
pub(super) fn hang_ups() -> io::Result<impl AsyncFnMut()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut hang_ups = signal(SignalKind::hangup())?;
    Ok(async move || {
        hang_ups.recv().await;
    })
}

/// There is no such signal here.
#[cfg(not(unix))]
pub(super) fn hang_ups() -> io::Result<impl AsyncFnMut()> {
    Ok(async || std::future::pending().await)
}

/// Resolves at Ctrl+C.
#[cfg(not(unix))]
pub(super) fn stop() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a handler the system ends the process by itself.
        let _ = tokio::signal::ctrl_c().await;
    })
}
