//! Where settings come from: embedded defaults, files, the environment.

use std::path::{Path, PathBuf};

use config::{Config, ConfigError, File, FileFormat, Map, Source, Value, ValueKind};

use super::ConfigFault;

const DEFAULTS: &str = include_str!("defaults.toml");
const DEFAULT_FILE: &str = "jangteo.toml";
const PREFIX: &str = "JANGTEO__";
const FROM_FILE: &str = "_FILE";

/// Which files and variables to look at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origins {
    /// The file that was named instead of `jangteo.toml`; it has to exist.
    pub(crate) file: Option<PathBuf>,
    /// The profile, whose file `jangteo.<profile>.toml` has to exist.
    pub(crate) profile: Option<String>,
    /// The variables of the environment.
    pub(crate) variables: Vec<(String, String)>,
}

impl Origins {
    /// The environment of this process.
    pub(crate) fn of_this_process(file: Option<PathBuf>, profile: Option<String>) -> Self {
        // A name or a value that is no Unicode cannot be one of ours.
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self { file, profile, variables: std::env::vars_os().filter_map(text).collect() }
    }
}

/// All settings that any layer has, the later layers over the earlier.
pub(super) fn merge(origins: &Origins) -> Result<Config, ConfigFault> {
    let mut builder = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
    builder = match &origins.file {
        Some(path) => builder.add_source(file(path)?),
        None if Path::new(DEFAULT_FILE).exists() => builder.add_source(file(Path::new(DEFAULT_FILE))?),
        None => builder,
    };
    if let Some(profile) = &origins.profile {
        let sane = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if profile.is_empty() || !profile.chars().all(sane) {
            return Err(ConfigFault::Profile(profile.clone()));
        }
        builder = builder.add_source(file(Path::new(&format!("jangteo.{profile}.toml")))?);
    }
    let environment = Environment(read_environment(&origins.variables)?);
    builder
        .add_source(environment)
        .build()
        .map_err(|error: ConfigError| ConfigFault::Unreadable(error.to_string()))
}

fn file(path: &Path) -> Result<File<config::FileSourceFile, FileFormat>, ConfigFault> {
    if path.is_file() {
        Ok(File::new(&path.to_string_lossy(), FileFormat::Toml))
    } else {
        Err(ConfigFault::MissingFile(path.to_owned()))
    }
}

/// Settings of the environment, each under its key and with the variable that it came from.
#[derive(Debug, Clone)]
struct Environment(Vec<(String, Value)>);

impl Source for Environment {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.iter().cloned().collect())
    }
}

/// `JANGTEO__SECTION__KEY=value`, or `JANGTEO__SECTION__KEY_FILE=path` for the content of a file.
fn read_environment(variables: &[(String, String)]) -> Result<Vec<(String, Value)>, ConfigFault> {
    let mut settings: Vec<(String, Value)> = Vec::new();
    for (name, text) in variables {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        // A key may be called `file` itself.
        let from_file = rest.strip_suffix(FROM_FILE).filter(|rest| !rest.ends_with('_'));
        let (rest, text) = match from_file {
            Some(rest) => (rest, content(name, text)?),
            None => (rest, text.clone()),
        };
        let key = rest.to_ascii_lowercase().replace("__", ".");
        let nameable =
            |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !key.split('.').all(nameable) {
            return Err(ConfigFault::Unknown { key, origin: format!("environment {name}") });
        }
        if settings.iter().any(|(other, _)| *other == key) {
            return Err(ConfigFault::Twice { name: name.clone(), key });
        }
        settings.push((key, Value::new(Some(&format!("environment {name}")), ValueKind::String(text))));
    }
    // One variable for a section would silently undo others for its keys.
    let is_section = |key: &str| settings.iter().any(|(other, _)| other.starts_with(&format!("{key}.")));
    match settings.iter().find(|(key, _)| is_section(key)) {
        Some((key, value)) => Err(ConfigFault::Unknown {
            key: key.clone(),
            origin: value.origin().unwrap_or_default().to_owned(),
        }),
        None => Ok(settings),
    }
}

fn content(name: &str, path: &str) -> Result<String, ConfigFault> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
        Err(error) => Err(ConfigFault::SecretFile { name: name.to_owned(), problem: error.to_string() }),
    }
}
