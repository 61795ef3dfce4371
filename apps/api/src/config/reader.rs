//! Takes settings out of the layers, one by one, and notes what it took and from where.

use std::collections::BTreeMap;
use std::time::Duration;

use config::{Config, Value, ValueKind};

use super::{ConfigFault, Invalid, Setting, duration};

/// The settings of all layers, by key; what has been read is gone from it.
#[derive(Debug)]
pub(super) struct Reader {
    left: BTreeMap<String, Value>,
    shown: Vec<Setting>,
    invalid: Vec<Invalid>,
}

impl Reader {
    pub(super) fn new(merged: Config) -> Self {
        let mut left = BTreeMap::new();
        for (key, value) in merged.cache.into_table().unwrap_or_default() {
            flatten(key, value, &mut left);
        }
        Self { left, shown: Vec::new(), invalid: Vec::new() }
    }

    /// The setting, as `parse` reads it. Where no layer has it, or it does not parse (which is noted), the stand-in.
    pub(super) fn read<T>(
        &mut self,
        key: &'static str,
        stand_in: impl FnOnce() -> T,
        parse: impl FnOnce(&str) -> Result<T, String>,
        show: impl FnOnce(&T) -> String,
    ) -> T {
        let found = self.left.remove(key);
        let origin = found.as_ref().and_then(Value::origin).map_or_else(
            || "default".to_owned(),
            |origin| {
                if origin.starts_with("environment ") { origin.to_owned() } else { format!("file {origin}") }
            },
        );
        let parsed = match found.map(|value| text(&value.kind)) {
            None => Ok(stand_in()),
            Some(Ok(text)) => parse(&text).map_err(|problem| (problem, stand_in())),
            Some(Err(problem)) => Err((problem, stand_in())),
        };
        let value = parsed.unwrap_or_else(|(problem, stand_in)| {
            self.invalid.push(Invalid { key, origin: origin.clone(), problem });
            stand_in
        });
        self.shown.push(Setting { key, value: show(&value), origin });
        value
    }

    pub(super) fn text(&mut self, key: &'static str) -> String {
        self.read(key, String::new, not_empty, quoted)
    }

    pub(super) fn parsed<T>(
        &mut self,
        key: &'static str,
        stand_in: T,
        parse: impl FnOnce(&str) -> Result<T, String>,
        show: impl FnOnce(&T) -> String,
    ) -> T {
        self.read(key, || stand_in, parse, show)
    }

    pub(super) fn switch(&mut self, key: &'static str) -> bool {
        let parse = |text: &str| match text {
            "true" => Ok(true),
            "false" => Ok(false),
            other => Err(format!("must be true or false, not {other:?}")),
        };
        self.read(key, || false, parse, ToString::to_string)
    }

    pub(super) fn span(&mut self, key: &'static str, least: Duration, most: Duration) -> Duration {
        let parse = |text: &str| {
            let span = duration::parse(text).ok_or_else(|| {
                format!("must be a number with a unit such as 250ms, 15s, 30m, 2h or 30d, not {text:?}")
            })?;
            let holds = (least..=most).contains(&span);
            let bounds =
                || format!("must be {} to {}, not {text:?}", duration::show(least), duration::show(most));
            if holds { Ok(span) } else { Err(bounds()) }
        };
        self.read(key, || least, parse, |span| format!("\"{}\"", duration::show(*span)))
    }

    pub(super) fn number(&mut self, key: &'static str, least: i64, most: i64) -> i64 {
        self.number_or(key, least, most, least)
    }

    /// A number; `stand_in` where no layer has it.
    pub(super) fn number_or(&mut self, key: &'static str, least: i64, most: i64, stand_in: i64) -> i64 {
        let parse = |text: &str| {
            let number = text.parse::<i64>().ok().filter(|number| (least..=most).contains(number));
            number.ok_or_else(|| format!("must be a whole number from {least} to {most}, not {text:?}"))
        };
        self.read(key, || stand_in, parse, ToString::to_string)
    }

    /// Notes that a setting does not go with another.
    pub(super) fn refuse(&mut self, key: &'static str, problem: String) {
        let shown = self.shown.iter().find(|setting| setting.key == key);
        let origin = shown.map_or_else(|| "default".to_owned(), |setting| setting.origin.clone());
        self.invalid.push(Invalid { key, origin, problem });
    }

    /// Everything that was read, if all of it holds and nothing else was set.
    pub(super) fn finish(self) -> Result<Vec<Setting>, ConfigFault> {
        if let Some((key, value)) = self.left.into_iter().next() {
            let origin = value.origin().unwrap_or("default").to_owned();
            return Err(ConfigFault::Unknown { key, origin });
        }
        if self.invalid.is_empty() { Ok(self.shown) } else { Err(ConfigFault::Invalid(self.invalid)) }
    }
}

fn flatten(key: String, value: Value, into: &mut BTreeMap<String, Value>) {
    match value.kind {
        ValueKind::Table(table) => {
            for (name, value) in table {
                flatten(format!("{key}.{name}"), value, into);
            }
        }
        _ => {
            into.insert(key, value);
        }
    }
}

fn text(kind: &ValueKind) -> Result<String, String> {
    match kind {
        ValueKind::Nil => Err("has no value".to_owned()),
        ValueKind::Table(_) | ValueKind::Array(_) => Err("must be a single value".to_owned()),
        ValueKind::String(text) => Ok(text.clone()),
        ValueKind::Boolean(value) => Ok(value.to_string()),
        ValueKind::I64(number) => Ok(number.to_string()),
        ValueKind::I128(number) => Ok(number.to_string()),
        ValueKind::U64(number) => Ok(number.to_string()),
        ValueKind::U128(number) => Ok(number.to_string()),
        ValueKind::Float(number) => Ok(number.to_string()),
    }
}

fn not_empty(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("must not be empty".to_owned()) } else { Ok(text.to_owned()) }
}

/// A text as TOML writes it.
pub(super) fn quoted(text: &(impl AsRef<str> + ?Sized)) -> String {
    format!("{:?}", text.as_ref())
}
