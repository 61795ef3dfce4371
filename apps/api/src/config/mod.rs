//! Configuration: embedded defaults, then `jangteo.toml`, then the profile's file, then the environment.
//!
//! Everything is checked at start. A key that nothing reads is refused, so that a misspelt one is noticed.

mod allowances;
mod duration;
mod fault;
mod keys;
mod layers;
mod reader;
mod settings;
mod telemetry;
mod transport;
mod warnings;

use std::fmt;

pub(crate) use fault::{ConfigFault, Invalid};
pub(crate) use keys::KeySource;
pub(crate) use layers::Origins;
pub(crate) use settings::{LogFormat, Settings};
pub(crate) use telemetry::Collector;
pub(crate) use transport::TlsFiles;

/// The settings in effect, and where each came from.
#[derive(Debug, Clone)]
pub(crate) struct Configuration {
    /// What the server works with.
    pub(crate) settings: Settings,
    shown: Vec<Setting>,
    warnings: Vec<String>,
}

/// One setting, ready to be shown: secrets are masked.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Setting {
    key: &'static str,
    value: String,
    origin: String,
}

impl Configuration {
    /// Reads and checks all layers.
    pub(crate) fn load(origins: &Origins) -> Result<Self, ConfigFault> {
        let mut reader = reader::Reader::new(layers::merge(origins)?);
        let settings = Settings::read(&mut reader);
        let warnings = warnings::of(&settings);
        Ok(Self { settings, shown: reader.finish()?, warnings })
    }

    /// What is legal and yet perhaps not meant.
    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for setting in &self.shown {
            writeln!(f, "{} = {}  # from {}", setting.key, setting.value, setting.origin)?;
        }
        Ok(())
    }
}
