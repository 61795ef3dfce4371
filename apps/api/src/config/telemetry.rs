//! What can be set about traces.

use std::num::NonZeroU32;

use jangteo_tls::is_this_machine;
use url::Url;

use super::reader::{Reader, quoted};

/// Where traces are sent, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Collector {
    /// `telemetry.otlp.endpoint`: the collector's address.
    pub(crate) endpoint: Url,
    /// `telemetry.otlp.one_in`: of so many traces that begin here, one is sent.
    pub(crate) one_in: NonZeroU32,
}

impl Collector {
    /// `None`: nothing is sent.
    pub(super) fn read(from: &mut Reader) -> Option<Self> {
        let shown = |endpoint: &Option<Url>| quoted(endpoint.as_ref().map_or("", Url::as_str));
        let endpoint = from.parsed("telemetry.otlp.endpoint", None, endpoint, shown);
        let one_in = from.number("telemetry.otlp.one_in", 1, i64::from(u32::MAX));
        let one_in = u32::try_from(one_in).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
        endpoint.map(|endpoint| Self { endpoint, one_in })
    }

    /// Whether somebody on the way can read what is sent.
    pub(super) fn is_overheard(&self) -> bool {
        self.endpoint.scheme() == "http" && !self.endpoint.host_str().is_some_and(is_this_machine)
    }
}

/// An empty text is nowhere. A password in it would be one for everybody who sees the settings, so there is none.
fn endpoint(text: &str) -> Result<Option<Url>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let url = Url::parse(text).ok().filter(|url| {
        ["http", "https"].contains(&url.scheme())
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    let url = url.ok_or(
        "must be the address of a collector, such as http://127.0.0.1:4318, with nothing behind its path",
    )?;
    Ok(Some(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_an_address_and_nothing_else() {
        for good in ["http://127.0.0.1:4318", "https://otel.example.com/otlp/", "http://[::1]:4318"] {
            assert!(matches!(endpoint(good), Ok(Some(_))), "{good}");
        }
        assert_eq!(endpoint(""), Ok(None));
        for bad in [
            "127.0.0.1:4318",
            "grpc://127.0.0.1:4317",
            "http://",
            "http://me:secret@127.0.0.1",
            "http://127.0.0.1/?key=secret",
            "http://127.0.0.1/#x",
        ] {
            let problem = endpoint(bad).expect_err(bad);
            assert!(!problem.contains("secret"), "{problem}");
        }
    }
}
