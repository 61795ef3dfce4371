//! Spans of time as people write them: `15s`, `30m`, `2h`, `30d`.

use std::time::Duration;

const MILLISECONDS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Reads a whole number with its unit.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = MILLISECONDS.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor).map(Duration::from_millis)
}

/// Writes a span in the largest unit that it is a whole number of.
pub(crate) fn show(span: Duration) -> String {
    let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let whole = |(_, factor): &&(&str, u64)| millis != 0 && millis.is_multiple_of(*factor);
    let (unit, factor) = MILLISECONDS.iter().rev().find(whole).unwrap_or(&("s", 1_000));
    format!("{}{unit}", millis / factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in ["0s", "15s", "30m", "36h", "30d", "250ms"] {
            assert_eq!(parse(text).map(show).as_deref(), Some(text));
        }
        assert_eq!(parse("90 m"), Some(Duration::from_mins(90)));
        assert_eq!(show(Duration::from_hours(1)), "1h");
    }

    #[test]
    fn refuses_what_is_no_span() {
        for text in ["", "5", "m", "-5m", "1.5h", "5 weeks", "99999999999999999999s", "18446744073709551615d"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
