//! The text form of [`ServiceKeys`], which shows it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::{FieldKeys, KeyRing, SecretKey, ServiceKeys};

const VERSION: u32 = 1;

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    token: Ring,
    fields: Fields,
    cursor: Key,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ring {
    current: u32,
    keys: Vec<KeyOfRing>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    current: u32,
    keys: Vec<KeyOfRing>,
    lookup: Key,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyOfRing {
    id: u32,
    key: Key,
}

struct Key(SecretKey);

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Zeroizing::new(BASE64_STANDARD.encode(self.0.expose())).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let bytes = BASE64_STANDARD.decode(text.as_bytes()).map(Zeroizing::new);
        let key = bytes.ok().and_then(|bytes| <[u8; SecretKey::LENGTH]>::try_from(bytes.as_slice()).ok());
        key.map(|key| Self(SecretKey::new(key))).ok_or_else(|| D::Error::custom("not the base64 of 32 bytes"))
    }
}

/// The text of a file with these keys.
pub(crate) fn write(keys: &ServiceKeys) -> serde_json::Result<Zeroizing<Vec<u8>>> {
    let ring = |ring: &KeyRing| Ring { current: ring.current().0, keys: keys_of(ring) };
    let document = Document {
        version: VERSION,
        token: ring(&keys.token),
        fields: Fields {
            current: keys.fields.ring.current().0,
            keys: keys_of(&keys.fields.ring),
            lookup: Key(keys.fields.lookup.clone()),
        },
        cursor: Key(keys.cursor.clone()),
    };
    let mut text = Zeroizing::new(serde_json::to_vec_pretty(&document)?);
    text.push(b'\n');
    Ok(text)
}

fn keys_of(ring: &KeyRing) -> Vec<KeyOfRing> {
    std::iter::once(ring.current())
        .chain(ring.older())
        .map(|(id, key)| KeyOfRing { id, key: Key(key.clone()) })
        .collect()
}

/// The keys of a file, or what is wrong with it and where. It never repeats a value.
pub(crate) fn read(text: &[u8]) -> Result<ServiceKeys, String> {
    // A file of a later version says more than the fields of this one, so the version comes first.
    let Versioned { version } = parse(text)?;
    if version != VERSION {
        return Err(format!("version: {version} is unknown; this program reads version {VERSION}"));
    }
    let document: Document = parse(text)?;
    let ring = |name: &str, current: u32, keys: Vec<KeyOfRing>| {
        let keys = keys.into_iter().map(|key| (key.id, key.key.0));
        KeyRing::new(current, keys).map_err(|error| format!("{name}: {error}"))
    };
    Ok(ServiceKeys {
        token: ring("token", document.token.current, document.token.keys)?,
        fields: FieldKeys {
            ring: ring("fields", document.fields.current, document.fields.keys)?,
            lookup: document.fields.lookup.0,
        },
        cursor: document.cursor.0,
    })
}

fn parse<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Result<T, String> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let reason = without_quotations(&error.into_inner().to_string());
        if path == "." { reason } else { format!("{path}: {reason}") }
    })?;
    json.end().map_err(|error| error.to_string())?;
    Ok(value)
}

/// serde quotes a value of the wrong type, and a key may stand in the wrong place.
fn without_quotations(message: &str) -> String {
    match (message.find('"'), message.rfind('"')) {
        (Some(first), Some(last)) => format!("{}…{}", &message[..=first], &message[last..]),
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemEntropy;

    /// Base64 of 32 times `n`.
    fn key(n: u8) -> String {
        BASE64_STANDARD.encode([n; 32])
    }

    fn text() -> String {
        format!(
            r#"{{"version": 1,
                "token": {{"current": 2, "keys": [{{"id": 1, "key": "{}"}}, {{"id": 2, "key": "{}"}}]}},
                "fields": {{"current": 1, "keys": [{{"id": 1, "key": "{}"}}], "lookup": "{}"}},
                "cursor": "{}"}}"#,
            key(1),
            key(2),
            key(3),
            key(4),
            key(5)
        )
    }

    fn error(text: &str) -> String {
        read(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn reads_every_key_to_its_place() {
        let keys = read(text().as_bytes()).unwrap();
        assert_eq!((keys.token.current().0, keys.token.current().1.expose()), (2, &[2; 32]));
        assert_eq!(
            keys.token.older().map(|(id, key)| (id, *key.expose())).collect::<Vec<_>>(),
            [(1, [1; 32])]
        );
        assert_eq!((keys.fields.ring.current().0, keys.fields.ring.current().1.expose()), (1, &[3; 32]));
        assert_eq!(keys.fields.lookup.expose(), &[4; 32]);
        assert_eq!(keys.cursor.expose(), &[5; 32]);
    }

    #[test]
    fn reads_back_what_it_writes() {
        let written = write(&ServiceKeys::generate(&SystemEntropy)).unwrap();
        assert_eq!(write(&read(&written).unwrap()).unwrap(), written);
        let written = write(&read(text().as_bytes()).unwrap()).unwrap();
        assert_eq!(write(&read(&written).unwrap()).unwrap(), written);
    }

    #[test]
    fn says_where_the_mistake_is() {
        let without = |part: &str| error(&text().replace(part, ""));
        assert!(without(r#""version": 1,"#).contains("missing field `version`"));
        assert!(without(r#""current": 2, "#).starts_with("token: missing field `current`"));
        assert!(
            without(&format!(r#", "lookup": "{}""#, key(4))).starts_with("fields: missing field `lookup`")
        );
        assert!(without("}").contains("line"));

        let with = |from: &str, to: &str| error(&text().replace(from, to));
        assert!(with(r#""version": 1"#, r#""version": 2, "more": 3"#).starts_with("version: 2 is unknown"));
        assert!(with(r#""cursor""#, r#""more": 1, "cursor""#).contains("unknown field `more`"));
        assert!(with(r#""lookup""#, r#""more": 1, "lookup""#).contains("unknown field `more`"));
        assert!(with(r#""id": 2"#, r#""id": 2, "more": 1"#).contains("unknown field `more`"));
        assert!(with(r#""id": 2"#, r#""id": 1"#).starts_with("token: two keys have the id 1"));
        assert!(
            with(r#""current": 1"#, r#""current": 3"#).starts_with("fields: there is no key with the id")
        );
        assert!(
            with(r#""cursor""#, r#""cursor": "", "cursor""#).contains("cursor: not the base64 of 32 bytes")
        );
        assert!(error(&format!("{}{}", text(), text())).contains("trailing"));
        assert!(error("").contains("EOF"));
    }

    #[test]
    fn refuses_what_is_not_the_base64_of_32_bytes_and_does_not_repeat_it() {
        let good = key(2);
        for bad in [
            "",
            "secret",
            good.trim_end_matches('='),
            &good.replace('=', "A"),
            &BASE64_STANDARD.encode([2; 31]),
            &BASE64_STANDARD.encode([2; 33]),
            &good.replace('g', "-"),
        ] {
            let error = error(&text().replace(&good, bad));
            assert!(error.starts_with("token.keys[1].key: not the base64 of 32 bytes"), "{error}");
            assert!(bad.is_empty() || !error.contains(bad), "{error}");
        }
    }

    #[test]
    fn does_not_repeat_a_key_in_the_wrong_place() {
        let key = key(2);
        for (from, to) in [
            (r#""current": 1"#, format!(r#""current": "{key}""#)),
            (r#""version": 1"#, format!(r#""version": "{key}""#)),
            (r#""id": 1"#, format!(r#""id": "{key}""#)),
            (r#"[{"id": 1"#, format!(r#"["{key}", {{"id": 1"#)),
            (r#"{"current": 2"#, format!(r#""{key}\"", {{"current": 2"#)),
        ] {
            let error = error(&text().replace(from, &to));
            assert!(!error.contains(&key[..8]), "{error}");
        }
    }
}
