//! The bytes of a body, bounded.

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{self, Bytes};
use actix_web::{FromRequest, HttpRequest};

use crate::problem::{Code, Problem};

/// The most bytes that a body has.
const MAX_BODY: usize = 64 * 1024;

/// Refuses a body that does not call itself JSON.
pub(super) fn check_media_type(request: &HttpRequest) -> Result<(), Problem> {
    let headers = request.headers();
    let encoded = headers.get(header::CONTENT_ENCODING).is_some_and(|value| value != "identity");
    let mut types = headers.get_all(header::CONTENT_TYPE);
    let is_json = types.next().and_then(|value| value.to_str().ok()).is_some_and(is_json);
    if is_json && types.next().is_none() && !encoded {
        Ok(())
    } else {
        Err(Problem::plain(Code::UnsupportedMediaType))
    }
}

fn is_json(media_type: &str) -> bool {
    let mut parts = media_type.split(';').map(str::trim);
    let essence = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let utf_8 = |parameter: &str| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        !name.trim().eq_ignore_ascii_case("charset")
            || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    };
    essence && parts.all(utf_8)
}

/// Reads a body to its end, or refuses it as soon as it is known to be too large.
pub(super) async fn read(request: &HttpRequest, payload: &mut Payload) -> Result<Bytes, Problem> {
    let too_large = || Problem::plain(Code::BodyTooLarge);
    let declared =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: u64| length > MAX_BODY as u64) {
        return Err(too_large());
    }
    let broken = |_| Problem::new(Code::MalformedRequest, "the body broke off");
    let body = web::Payload::from_request(request, payload).await.map_err(broken)?;
    body.to_bytes_limited(MAX_BODY).await.map_err(|_| too_large())?.map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::is_json;

    #[test]
    fn json_is_utf_8() {
        for good in
            ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""]
        {
            assert!(is_json(good), "{good}");
        }
        for bad in [
            "",
            "text/plain",
            "application/jsonp",
            "application/json; charset=euc-kr",
            "application/json-patch+json",
        ] {
            assert!(!is_json(bad), "{bad}");
        }
    }
}
