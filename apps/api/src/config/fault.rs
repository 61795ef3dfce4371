//! What is wrong with a configuration, said so that a person can put it right.

use std::fmt;
use std::path::PathBuf;

/// Why a configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ConfigFault {
    /// A file that was asked for is not there.
    MissingFile(PathBuf),
    /// A file is no TOML, or a layer cannot be merged.
    Unreadable(String),
    /// The profile's name is none.
    Profile(String),
    /// A file that a variable names cannot be read.
    SecretFile {
        /// The variable.
        name: String,
        /// What the operating system said.
        problem: String,
    },
    /// A key is set by a variable and by its `_FILE` variant.
    Twice {
        /// The second of them.
        name: String,
        /// The key.
        key: String,
    },
    /// Nothing reads this key.
    Unknown {
        /// The key.
        key: String,
        /// Who set it.
        origin: String,
    },
    /// Values do not hold.
    Invalid(Vec<Invalid>),
}

/// A value that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invalid {
    /// Its key.
    pub(crate) key: &'static str,
    /// Who set it.
    pub(crate) origin: String,
    /// What is wrong with it.
    pub(crate) problem: String,
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingFile(path) => write!(f, "the configuration file {} does not exist", path.display()),
            Self::Unreadable(problem) => write!(f, "the configuration cannot be read: {problem}"),
            Self::Profile(name) => {
                write!(f, "{name:?} is no profile: a name has letters, digits, hyphens and underscores")
            }
            Self::SecretFile { name, problem } => {
                write!(f, "the file that {name} names cannot be read: {problem}")
            }
            Self::Twice { name, key } => {
                write!(f, "{key} is set twice in the environment, the second time by {name}")
            }
            Self::Unknown { key, origin } => {
                write!(
                    f,
                    "unknown configuration key {key} (from {origin}); `jangteo config` shows all that there are"
                )
            }
            Self::Invalid(list) => {
                for (index, invalid) in list.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "\n" };
                    write!(f, "{separator}{} (from {}): {}", invalid.key, invalid.origin, invalid.problem)?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for ConfigFault {}
