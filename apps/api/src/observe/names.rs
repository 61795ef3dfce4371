//! What a request is called: by its client, and by the trace that it is a part of.

use actix_web::http::header::HeaderMap;
use jangteo_application::Sources;

/// A request, as an id's kind.
#[derive(Debug)]
enum Request {}

/// The names of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    /// The client's own, if it sent a sane one.
    pub(super) request: String,
    /// 32 hexadecimal digits: those of the client's trace, or new ones.
    pub(super) trace: String,
    /// What the client says of its trace, if it is in one.
    pub(super) caller: Option<Caller>,
}

/// The span of somebody else in which a request was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Caller {
    /// Its id.
    pub(super) span: u64,
    /// Whether its trace is recorded.
    pub(super) sampled: bool,
}

impl Names {
    pub(super) fn of(headers: &HeaderMap, sources: &Sources) -> Self {
        let request =
            headers.get("x-request-id").and_then(|value| value.to_str().ok()).filter(|id| is_sane(id));
        let trace = headers.get("traceparent").and_then(|value| value.to_str().ok()).and_then(trace_context);
        let (trace, caller) = match trace {
            Some((trace, caller)) => (trace.to_owned(), Some(caller)),
            None => (format!("{:032x}", u128::from_be_bytes(sources.random())), None),
        };
        Self {
            request: request.map_or_else(|| sources.id::<Request>(sources.now()).to_string(), str::to_owned),
            trace,
            caller,
        }
    }
}

fn is_sane(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// The trace id of a W3C `traceparent`, and who sent it: `version-traceid-parentid-flags`. Later versions may have more parts.
fn trace_context(text: &str) -> Option<(&str, Caller)> {
    let parts: Vec<&str> = text.split('-').collect();
    let (&[version, trace, parent, flags], rest) = parts.split_first_chunk()?;
    let hex = |part: &str, length| {
        part.len() == length && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let shaped = hex(version, 2) && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
    let known = version != "ff" && (version != "00" || rest.is_empty());
    let not_zero = |part: &str| part.bytes().any(|b| b != b'0');
    if !(shaped && known && not_zero(trace) && not_zero(parent)) {
        return None;
    }
    let flags = u8::from_str_radix(flags, 16).ok()?;
    let span = u64::from_str_radix(parent, 16).ok()?;
    Some((trace, Caller { span, sampled: flags & 1 == 1 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_trace_of_a_traceparent() {
        let trace = "0af7651916cd43dd8448eb211c80319c";
        let caller = |sampled| Caller { span: 0xb7ad_6b71_6920_3331, sampled };
        for (flags, sampled) in [("00", false), ("01", true), ("02", false), ("ff", true)] {
            let found = trace_context(&format!("00-{trace}-b7ad6b7169203331-{flags}"))
                .map(|(id, by)| (id.to_owned(), by));
            assert_eq!(found, Some((trace.to_owned(), caller(sampled))));
        }
        let later = format!("01-{trace}-b7ad6b7169203331-01-more");
        assert_eq!(trace_context(&later), Some((trace, caller(true))));
        for bad in [
            String::new(),
            trace.to_owned(),
            format!("00-{trace}-b7ad6b7169203331-01-more"),
            format!("ff-{trace}-b7ad6b7169203331-01"),
            format!("00-{}-b7ad6b7169203331-01", trace.to_uppercase()),
            format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)),
            format!("00-{trace}-0000000000000000-01"),
        ] {
            assert_eq!(trace_context(&bad), None, "{bad}");
        }
    }

    #[test]
    fn a_sane_request_id_is_short_and_plain() {
        assert!(is_sane("abc.DEF_1-2"));
        for bad in ["", "a b", "é", "a\"b", &"a".repeat(129)] {
            assert!(!is_sane(bad), "{bad}");
        }
    }
}
