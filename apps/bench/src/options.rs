//! What can be asked for.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Loads the shop and measures what it does.
#[derive(Debug, Parser)]
#[command(name = "jangteo-bench")]
pub(crate) struct Options {
    /// Only these workloads [default: all].
    #[arg(long, value_delimiter = ',', ignore_case = true)]
    pub(crate) only: Vec<Workload>,
    /// How long each workload is measured, in seconds.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How long it runs before that, in seconds.
    #[arg(long, default_value_t = 2)]
    warm_up: u64,
    /// How many connections order at once.
    #[arg(long, default_value_t = 256)]
    pub(crate) connections: usize,
    /// The server to load, a release build.
    #[arg(long, value_name = "PATH", default_value = "target/release/jangteo")]
    pub(crate) server: PathBuf,
    /// What the random choices of the visitors begin with.
    #[arg(long, default_value_t = 20_261_125)]
    pub(crate) seed: u64,
}

/// What is measured; `performance.md` says what each has to reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Workload {
    /// Orders over 10,000 products.
    #[value(name = "W1")]
    W1,
    /// Orders of one product.
    #[value(name = "W2")]
    W2,
    /// The orders of W1 on SQLite.
    #[value(name = "W5")]
    W5,
}

impl Options {
    pub(crate) fn wants(&self, workload: Workload) -> bool {
        self.only.is_empty() || self.only.contains(&workload)
    }

    pub(crate) fn warm_up(&self) -> Duration {
        Duration::from_secs(self.warm_up)
    }

    pub(crate) fn measured(&self) -> Duration {
        Duration::from_secs(self.seconds.max(1))
    }
}
