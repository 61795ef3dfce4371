//! Where log lines go: standard error, readable or as JSON. And traces, if they go somewhere.

use std::io::{IsTerminal as _, stderr};

use jangteo_application::TRACE_TARGET;
use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

use crate::config::{LogFormat, Settings};
use crate::traces::{TraceLayer, Traces};

/// Sends log lines to standard error from here on, and traces to the collector of the settings, if there are to be any. If somebody has
/// set up a log before, theirs stays.
pub(crate) fn start_telling(settings: &Settings, with_traces: bool) -> anyhow::Result<Traces> {
    let (traces, started) = match settings.collector.as_ref().filter(|_| with_traces) {
        None => (Traces::off(), Registry::default().with(filter(settings)).with(log(settings)).try_init()),
        // Each of the two has a filter of its own then, which costs a little for every line.
        Some(collector) => {
            let (traces, layer) = Traces::start(collector)?;
            let log = log(settings).with_filter(filter(settings));
            (traces, Registry::default().with(log).with(layer.with_filter(TraceLayer::filter())).try_init())
        }
    };
    if started.is_err() {
        tracing::debug!("a log was set up before");
    }
    Ok(traces)
}

fn log<S>(settings: &Settings) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let layer = fmt::layer().with_writer(stderr);
    match settings.log_format {
        LogFormat::Pretty => layer.with_ansi(stderr().is_terminal()).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_span_list(false).boxed(),
    }
}

/// What is logged. The spans of traces are not, whatever the settings say: a line has its request's.
fn filter(settings: &Settings) -> EnvFilter {
    let filter = EnvFilter::try_new(&settings.log_filter).unwrap_or_else(|_| EnvFilter::new("info"));
    match format!("{TRACE_TARGET}=off").parse() {
        Ok(directive) => filter.add_directive(directive),
        Err(_) => filter,
    }
}
