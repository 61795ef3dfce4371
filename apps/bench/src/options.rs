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
    /// Measures for a shorter time, fewer numbers of connections, nothing for long or with ten million orders.
    #[arg(long)]
    pub(crate) quick: bool,
    /// How long each workload is measured, in seconds [default: 10, or 5 if quick; SOAK: 600, or 60 if quick].
    #[arg(long)]
    seconds: Option<u64>,
    /// How long it runs before that, in seconds [default: 2, or 1 if quick].
    #[arg(long)]
    warm_up: Option<u64>,
    /// How many connections order at once.
    #[arg(long, default_value_t = 256)]
    pub(crate) connections: usize,
    /// How many orders S2 finds in the tables; there is a product to ten of them.
    #[arg(long, default_value_t = 10_000_000)]
    pub(crate) s2_orders: usize,
    /// The server to load, a release build.
    #[arg(long, value_name = "PATH", default_value = "target/release/jangteo", overrides_with = "server")]
    pub(crate) server: PathBuf,
    /// Another release build to compare with, such as one without group commit.
    #[arg(long, value_name = "PATH")]
    pub(crate) baseline: Option<PathBuf>,
    /// Where the report goes.
    #[arg(long, value_name = "FOLDER", default_value = "target/bench-report")]
    pub(crate) report: PathBuf,
    /// What the random choices of the visitors begin with.
    #[arg(long, default_value_t = 20_261_125)]
    pub(crate) seed: u64,
    /// Answers everything with the bytes of an answer in this file; the benchmarks call themselves so.
    #[arg(long, value_name = "PATH", hide = true)]
    pub(crate) bare_answer: Option<PathBuf>,
}

/// What is measured. `docs/benchmarks` says what each has to reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
#[value(rename_all = "UPPER")]
pub(crate) enum Workload {
    /// A product, kept ready.
    R1,
    /// The first page of the catalogue.
    R2,
    /// One's own orders, the first page.
    R3,
    /// Orders over 10,000 products.
    W1,
    /// Orders of one product.
    W2,
    /// Orders that are paid by points.
    W3,
    /// Claims of coupons, granted and refused.
    W4,
    /// The orders of W1 on SQLite.
    W5,
    /// 1,000 orders a second, whenever they are due.
    L1,
    /// Half of the orders a second that W1 reaches.
    L2,
    /// 2,000 orders a second and people who look around, for long.
    Soak,
    /// R1 to R3 and W1 among 1,000,000 products and 10,000,000 orders.
    S2,
    /// Memory, and how long a start takes.
    M1,
}

impl Options {
    pub(crate) fn wants(&self, workload: Workload) -> bool {
        if self.only.is_empty() {
            !(self.quick && matches!(workload, Workload::S2 | Workload::Soak))
        } else {
            self.only.contains(&workload)
        }
    }

    pub(crate) fn warm_up(&self) -> Duration {
        Duration::from_secs(self.warm_up.unwrap_or(if self.quick { 1 } else { 2 }))
    }

    /// How long SOAK is measured.
    pub(crate) fn soaked(&self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(if self.quick { 60 } else { 600 }).max(1))
    }

    pub(crate) fn measured(&self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(if self.quick { 5 } else { 10 }).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quick_run_leaves_out_what_takes_long_unless_it_is_asked_for() {
        let read = |arguments: &[&str]| Options::parse_from([&["jangteo-bench"], arguments].concat());
        assert!(read(&[]).wants(Workload::S2) && !read(&["--quick"]).wants(Workload::S2));
        assert!(read(&[]).wants(Workload::Soak) && !read(&["--quick"]).wants(Workload::Soak));
        let one = read(&["--quick", "--only", "w1,S2"]);
        assert!(one.wants(Workload::S2) && one.wants(Workload::W1) && !one.wants(Workload::W2));
    }

    #[test]
    fn a_soak_is_long_unless_told() {
        let soaked = |arguments: &[&str]| {
            Options::parse_from([&["jangteo-bench"], arguments].concat()).soaked().as_secs()
        };
        assert_eq!(soaked(&[]), 600);
        assert_eq!(soaked(&["--quick", "--only", "soak"]), 60);
        assert_eq!(soaked(&["--quick", "--only", "SOAK", "--seconds", "20"]), 20);
    }
}
