//! Figures as a table.

use crate::load::Measured;

/// A line a measurement.
#[derive(Debug, Default)]
pub(crate) struct Table(Vec<[String; 10]>);

const TITLES: [&str; 10] = [
    "work",
    "per second",
    "p50 ms",
    "p99 ms",
    "max ms",
    "server µs",
    "database µs",
    "generator µs",
    "others µs",
    "answers",
];

impl Table {
    pub(crate) fn add(&mut self, name: &str, measured: &Measured) {
        let usage = measured.usage;
        let answers: Vec<_> =
            measured.statuses.iter().map(|(status, count)| format!("{status}: {count}")).collect();
        let lost = if measured.lost == 0 { String::new() } else { format!(", lost: {}", measured.lost) };
        self.0.push([
            name.to_owned(),
            format!("{:.0}", measured.rate()),
            format!("{:.2}", measured.quantile(0.5)),
            format!("{:.2}", measured.quantile(0.99)),
            format!("{:.1}", measured.longest()),
            format!("{:.1}", measured.micros_each(usage.server)),
            format!("{:.1}", measured.micros_each(usage.database)),
            format!("{:.1}", measured.micros_each(usage.generator)),
            format!("{:.1}", measured.micros_each(usage.others())),
            answers.join(", ") + &lost,
        ]);
    }

    /// The table in Markdown.
    pub(crate) fn markdown(&self) -> String {
        let titles = TITLES.map(str::to_owned);
        let rule = TITLES.map(|_| "---".to_owned());
        let lines = [&titles, &rule].into_iter().chain(&self.0);
        lines.fold(String::new(), |text, cells| text + "| " + &cells.join(" | ") + " |\n")
    }
}
