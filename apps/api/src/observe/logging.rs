//! Where log lines go: standard error, readable or as JSON.

use std::io::stderr;

use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{LogFormat, Settings};

/// Sends log lines to standard error from here on. If somebody has set up a log before, theirs stays.
pub(crate) fn start_logging(settings: &Settings) {
    let filter = EnvFilter::try_new(&settings.log_filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = fmt::Subscriber::builder().with_env_filter(filter).with_writer(stderr);
    let started = match settings.log_format {
        LogFormat::Pretty => {
            let colours = std::io::IsTerminal::is_terminal(&stderr());
            subscriber.with_ansi(colours).finish().try_init()
        }
        LogFormat::Json => subscriber.json().flatten_event(true).with_span_list(false).finish().try_init(),
    };
    if started.is_err() {
        tracing::debug!("a log was set up before");
    }
}
