//! How many requests a client may make, by class of route.

use std::num::NonZeroU32;
use std::time::Duration;

use jangteo_application::Allowance;

use super::duration;
use super::reader::{Reader, quoted};
use crate::rate_limits::RouteClass;

/// `rate_limit.reads` and so on: what a client has of each class.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowances {
    reads: Allowance,
    writes: Allowance,
    credentials: Allowance,
    reports: Allowance,
}

impl Allowances {
    pub(super) fn read(from: &mut Reader) -> Self {
        let mut allowance = |key| {
            let nothing = Allowance { requests: NonZeroU32::MIN, window: Duration::from_secs(1) };
            from.parsed(key, nothing, parse, |allowance| quoted(&show(allowance)))
        };
        Self {
            reads: allowance("rate_limit.reads"),
            writes: allowance("rate_limit.writes"),
            credentials: allowance("rate_limit.credentials"),
            reports: allowance("rate_limit.reports"),
        }
    }

    /// That of a class.
    pub(crate) fn of(&self, class: RouteClass) -> Allowance {
        match class {
            RouteClass::Reads => self.reads,
            RouteClass::Writes => self.writes,
            RouteClass::Credentials => self.credentials,
            RouteClass::Reports => self.reports,
        }
    }
}

/// What clients are told is in whole seconds, so a window is as well.
fn parse(text: &str) -> Result<Allowance, String> {
    let refused = || {
        format!(
            "must be 1 to 1000000000 requests within 1s to 1d, in whole seconds, such as 600/1m, not {text:?}"
        )
    };
    let (requests, window) = text.split_once('/').ok_or_else(refused)?;
    let requests =
        requests.trim().parse().ok().filter(|requests: &NonZeroU32| requests.get() <= 1_000_000_000);
    let window = duration::parse(window.trim())
        .filter(|window| window.subsec_nanos() == 0 && (1..=24 * 60 * 60).contains(&window.as_secs()));
    match (requests, window) {
        (Some(requests), Some(window)) => Ok(Allowance { requests, window }),
        _ => Err(refused()),
    }
}

fn show(allowance: &Allowance) -> String {
    format!("{}/{}", allowance.requests, duration::show(allowance.window))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in ["1/1s", "600/1m", "12000/90s", "1000000000/1d"] {
            assert_eq!(parse(text).map(|allowance| show(&allowance)).as_deref(), Ok(text));
        }
        assert_eq!(parse(" 10 / 60s").map(|allowance| show(&allowance)).as_deref(), Ok("10/1m"));
    }

    #[test]
    fn refuses_what_is_no_allowance() {
        for text in [
            "",
            "600",
            "/1m",
            "600/",
            "0/1m",
            "-1/1m",
            "600/m",
            "600/0s",
            "600/1500ms",
            "600/2d",
            "1000000001/1m",
            "6/1m/1s",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
