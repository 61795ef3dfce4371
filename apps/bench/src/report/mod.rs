//! What a run has found out.

mod goals;
mod machine;
mod plots;
mod soak;
mod table;

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::limits::WhenDue;
use crate::load::Measured;
use crate::options::Options;

/// The names of the limits that goals are compared with.
pub(crate) const ONE_A_TRANSACTION: &str = "pgbench, one order a transaction, 10,000 products";
pub(crate) const HOT_ROW: &str = "pgbench, one order a transaction, one product";

/// What the loads of a small shop are called that go before and after a load of a large one.
pub(crate) fn small_loads(name: &str) -> [String; 2] {
    [format!("{name}, small shop before"), format!("{name}, small shop after")]
}

/// All figures of a run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// What ended the run before its time.
    pub(crate) failure: Option<String>,
    /// What PostgreSQL calls itself.
    pub(crate) postgres: Option<String>,
    /// What PostgreSQL was told.
    pub(crate) settings: Vec<(&'static str, &'static str)>,
    pub(crate) loads: Vec<(String, Measured)>,
    /// What people saw who looked around during SOAK. They share the server with its orders.
    pub(crate) soak_reads: Option<Measured>,
    /// Orders a second without a shop.
    pub(crate) limits: Vec<(&'static str, f64)>,
    /// What pgbench did at the rates of the schedules.
    pub(crate) when_due: Vec<(&'static str, WhenDue)>,
    /// Orders a second by the number of connections, of each server.
    pub(crate) by_connections: Vec<(String, Vec<(usize, f64)>)>,
    pub(crate) memory: Option<Memory>,
}

/// Bytes that are resident, and the time of a start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) idle: u64,
    pub(crate) idle_on_sqlite: u64,
    pub(crate) loaded: u64,
    pub(crate) start: Duration,
}

impl Report {
    pub(crate) fn load(&self, name: &str) -> Option<&Measured> {
        self.loads.iter().find(|(load, _)| load == name).map(|(_, measured)| measured)
    }

    pub(crate) fn rate(&self, name: &str) -> Option<f64> {
        self.load(name).map(Measured::rate)
    }

    /// What a load of a large shop did, of what the small one did before and after it.
    fn of_small(&self, name: &str) -> Option<f64> {
        let [before, after] = small_loads(name);
        Some(2.0 * self.rate(name)? / (self.rate(&before)? + self.rate(&after)?))
    }

    fn limit(&self, name: &str) -> Option<f64> {
        self.limits.iter().find(|(limit, _)| *limit == name).map(|(_, rate)| *rate)
    }

    /// What a reader has to know first about a run that has failed.
    fn warning(&self) -> String {
        let warning = |why: &String| {
            // The text of a server or of a database may go over several lines.
            let why = why.lines().map(str::trim).collect::<Vec<_>>().join(" ");
            format!(
                "**This run is not complete.** {}. What failed has no figure, and nothing after it was measured.\n\n",
                why.trim_end_matches('.')
            )
        };
        self.failure.as_ref().map(warning).unwrap_or_default()
    }

    /// All figures, and whether they are good enough.
    pub(crate) fn tables(&self) -> String {
        let parts = [
            ("Goals", goals::table(self)),
            ("Loads", table::loads(&self.loads)),
            ("Schedules", table::schedules(&self.loads)),
            ("Soak", soak::table(self)),
            ("Limits", table::limits(&self.limits)),
            ("Limits of schedules", table::limits_when_due(&self.when_due)),
            ("By connections", table::by_connections(&self.by_connections)),
        ];
        let parts = parts.into_iter().filter(|(_, text)| !text.is_empty());
        parts.map(|(title, text)| format!("## {title}\n{text}")).collect::<Vec<_>>().join("\n")
    }

    /// Writes the report and its plots.
    pub(crate) fn write(&self, options: &Options) -> Result<()> {
        let folder = &options.report;
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let plots = plots::draw(self, folder)?;
        let plots: Vec<_> = plots.iter().map(|(file, title)| format!("![{title}]({file})\n")).collect();
        let settings: Vec<_> =
            self.settings.iter().map(|(name, value)| format!("`{name} = {value}`")).collect();
        let settings = match settings.as_slice() {
            [] => String::new(),
            _ => format!("PostgreSQL with {}, else its defaults. ", settings.join(", ")),
        };
        let text = format!(
            "# Benchmarks\n{}{}\n{settings}Each load is measured for {} s after {} s, with {} \
             connections where nothing else is said; random choices begin with {}.\n\n{}\n{}",
            self.warning(),
            machine::described(&options.server, self.postgres.as_deref())?,
            options.measured().as_secs(),
            options.warm_up().as_secs(),
            options.connections,
            options.seed,
            self.tables(),
            plots.join("\n"),
        );
        let file = folder.join("report.md");
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        println!("The report is in {}.", file.display());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_of_a_failed_run_begins_with_why() {
        assert_eq!(Report::default().warning(), "");
        let failure = Some("W1 has failed: the audit finds faults:\n  stock".to_owned());
        let warning = Report { failure, ..Report::default() }.warning();
        assert!(warning.contains("W1 has failed: the audit finds faults: stock. What failed"), "{warning}");
    }
}
