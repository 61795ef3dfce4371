//! Sends spans to a collector, many at a time.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use jangteo_security::SystemEntropy;
use jangteo_shared_kernel::Entropy as _;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::body::{Resource, body};
use super::record::Ended;
use super::{Message, TraceMeters};
use crate::config::Collector;

/// How many spans are sent at once.
const BATCH: usize = 512;

/// How long the first of them waits for others.
const LINGER: Duration = Duration::from_secs(1);

/// How long a collector may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The end of a collector's address, which OTLP gives.
const PATH: &str = "v1/traces";

pub(super) struct Sender {
    agent: Agent,
    url: String,
    resource: Resource,
    meters: TraceMeters,
    /// The collector did not take the last ones.
    away: bool,
}

impl Sender {
    pub(super) fn new(collector: &Collector, meters: TraceMeters) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            // A collector is where the settings say, whatever the environment says of others.
            .proxy(None)
            .user_agent(concat!("jangteo/", env!("CARGO_PKG_VERSION")));
        let config = if collector.endpoint.scheme() == "https" {
            config.tls_config(trusting_the_machine())
        } else {
            config
        };
        let mut url = collector.endpoint.to_string();
        if !url.ends_with('/') {
            url.push('/');
        }
        let mut name = [0; 16];
        SystemEntropy.fill(&mut name);
        let instance = format!("{:032x}", u128::from_be_bytes(name));
        Self {
            agent: config.build().new_agent(),
            url: url + PATH,
            resource: Resource::new(&instance),
            meters,
            away: false,
        }
    }

    /// Sends what comes, up to the last.
    pub(super) fn run(mut self, messages: &Receiver<Message>) {
        // Whoever would send the last one being gone is as good as that.
        while let Ok(Message::Span(first)) = messages.recv() {
            let mut spans = vec![*first];
            let last = collect(messages, &mut spans);
            self.send(&spans);
            if last {
                return;
            }
        }
    }

    /// What is not taken is not tried again: by then there is more to send.
    fn send(&mut self, spans: &[Ended]) {
        let count = u64::try_from(spans.len()).unwrap_or(u64::MAX);
        let request = self.agent.post(&self.url).content_type("application/json");
        match request.send(&body(&self.resource, spans)) {
            Ok(_) => {
                self.meters.sent.inc_by(count);
                if self.away {
                    tracing::info!("the collector takes traces again");
                }
                self.away = false;
            }
            Err(error) => {
                self.meters.dropped.inc_by(count);
                if !self.away {
                    tracing::warn!(%error, "the collector does not take traces; going on without it");
                }
                self.away = true;
            }
        }
    }
}

/// Takes what comes within a while, and says whether it was the last.
#[expect(clippy::disallowed_methods, reason = "how long spans wait is no time of the shop")]
fn collect(messages: &Receiver<Message>, spans: &mut Vec<Ended>) -> bool {
    let until = Instant::now() + LINGER;
    while spans.len() < BATCH {
        match messages.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Message::Span(next)) => spans.push(*next),
            Ok(Message::Last) | Err(RecvTimeoutError::Disconnected) => return true,
            Err(RecvTimeoutError::Timeout) => return false,
        }
    }
    false
}

/// By rustls with *ring*, as to databases; those authorities count that the machine trusts.
fn trusting_the_machine() -> TlsConfig {
    jangteo_tls::settle_provider();
    let found = rustls_native_certs::load_native_certs();
    let certificates: Vec<_> =
        found.certs.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
    TlsConfig::builder().root_certs(RootCerts::new_with_certs(&certificates)).build()
}
