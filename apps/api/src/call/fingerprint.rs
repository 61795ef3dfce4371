//! What makes two requests the same.

use actix_web::HttpRequest;
use jangteo_application::Fingerprint;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Covers the method, the concrete path and the parsed body; neither white space nor the order of fields matters.
pub(super) fn fingerprint(request: &HttpRequest, body: Option<&Value>) -> Fingerprint {
    let mut hash = Sha256::new();
    part(&mut hash, request.method().as_str().as_bytes());
    part(&mut hash, request.path().as_bytes());
    match body {
        Some(value) => json(&mut hash, value),
        None => hash.update([0]),
    }
    Fingerprint(hash.finalize().into())
}

/// The length keeps neighbours apart.
fn part(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

fn json(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            hash.update([1]);
            part(hash, value.to_string().as_bytes());
        }
        Value::String(text) => {
            hash.update([2]);
            part(hash, text.as_bytes());
        }
        Value::Array(items) => {
            hash.update([3]);
            hash.update((items.len() as u64).to_be_bytes());
            for item in items {
                json(hash, item);
            }
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            hash.update([4]);
            hash.update((fields.len() as u64).to_be_bytes());
            for (name, item) in fields {
                part(hash, name.as_bytes());
                json(hash, item);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use serde_json::json;

    use super::*;

    fn of(path: &str, body: Option<&Value>) -> Fingerprint {
        fingerprint(&TestRequest::post().uri(path).to_http_request(), body)
    }

    #[test]
    fn tells_requests_apart() {
        let body = json!({ "a": [1, 2], "b": "x" });
        let same: Value = serde_json::from_str("{ \"b\": \"x\",\n \"a\": [1,2] }").unwrap();
        assert_eq!(of("/orders", Some(&body)), of("/orders", Some(&same)));
        for other in [
            json!({ "a": [12], "b": "x" }),
            json!({ "a": [1, 2], "b": "y" }),
            json!({ "a": ["1", 2], "b": "x" }),
            Value::Null,
        ] {
            assert_ne!(of("/orders", Some(&body)), of("/orders", Some(&other)));
        }
        assert_ne!(of("/orders", Some(&body)), of("/payments", Some(&body)));
        assert_ne!(of("/orders", None), of("/orders", Some(&Value::Null)));
    }
}
