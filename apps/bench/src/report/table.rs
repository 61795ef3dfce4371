//! Figures as tables in Markdown.

use crate::limits::WhenDue;
use crate::load::Measured;

/// A table; nothing if it has no lines.
pub(super) fn markdown<const N: usize>(titles: [&str; N], lines: Vec<[String; N]>) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let head = [titles.map(str::to_owned), titles.map(|_| "---".to_owned())];
    let lines = head.into_iter().chain(lines);
    lines.fold(String::new(), |text, cells| text + "| " + &cells.join(" | ") + " |\n")
}

/// Loads, with the processor time of everybody for each unit of work.
pub(super) fn loads(loads: &[(String, Measured)]) -> String {
    let lines = loads.iter().map(|(name, measured)| {
        let usage = measured.usage;
        let answers: Vec<_> =
            measured.statuses.iter().map(|(status, count)| format!("{status}: {count}")).collect();
        let lost = if measured.lost == 0 { String::new() } else { format!(", lost: {}", measured.lost) };
        [
            name.clone(),
            format!("{:.0}", measured.rate()),
            format!("{:.2}", measured.quantile(0.5)),
            format!("{:.2}", measured.quantile(0.99)),
            format!("{:.1}", measured.longest()),
            format!("{:.1}", measured.micros_each(usage.server)),
            format!("{:.1}", measured.micros_each(usage.database)),
            format!("{:.1}", measured.micros_each(usage.generator)),
            format!("{:.1}", measured.micros_each(usage.others())),
            cores(measured),
            answers.join(", ") + &lost,
        ]
    });
    let table = markdown(
        [
            "load",
            "per second",
            "p50 ms",
            "p99 ms",
            "max ms",
            "server µs",
            "database µs",
            "generator µs",
            "others µs",
            "cores",
            "answers",
        ],
        lines.collect(),
    );
    if table.is_empty() {
        return table;
    }
    table
        + "\nµs: processor time for each unit of work; others: of everybody else on the machine, kernel included. A run in \
           which they have much is not fair. Cores: how many these four kept busy.\n"
}

/// How many cores were busy, and for whom.
fn cores(measured: &Measured) -> String {
    let usage = measured.usage;
    let parts = [usage.server, usage.database, usage.generator, usage.others()];
    parts.map(|seconds| format!("{:.2}", seconds / measured.duration.as_secs_f64())).join(" + ")
}

/// How open loops kept to their schedules.
pub(super) fn schedules(loads: &[(String, Measured)]) -> String {
    let lines = loads.iter().filter_map(|(name, measured)| {
        let kept = measured.punctuality?;
        let quantile = |quantile| format!("{:.2}", measured.quantile(quantile));
        Some([
            name.clone(),
            kept.due.to_string(),
            measured.done.to_string(),
            kept.late.to_string(),
            kept.dropped.to_string(),
            quantile(0.5),
            quantile(0.99),
            quantile(0.999),
        ])
    });
    markdown(["load", "due", "done", "sent late", "dropped", "p50 ms", "p99 ms", "p99.9 ms"], lines.collect())
}

pub(super) fn limits(limits: &[(&'static str, f64)]) -> String {
    let lines = limits.iter().map(|(name, rate)| [(*name).to_owned(), format!("{rate:.0}")]);
    markdown(["limit", "orders per second"], lines.collect())
}

pub(super) fn limits_when_due(limits: &[(&'static str, WhenDue)]) -> String {
    let lines = limits.iter().map(|(name, WhenDue { rate, p50, p99 })| {
        let name = format!("pgbench, one order a transaction, at the rate of {name}");
        [name, format!("{rate:.0}"), format!("{p50:.2}"), format!("{p99:.2}")]
    });
    markdown(["limit", "due per second", "p50 ms", "p99 ms"], lines.collect())
}

pub(super) fn by_connections(series: &[(String, Vec<(usize, f64)>)]) -> String {
    let lines = series.iter().flat_map(|(name, points)| {
        points.iter().map(|(count, rate)| [name.clone(), count.to_string(), format!("{rate:.0}")])
    });
    markdown(["W1 of", "connections", "orders per second"], lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_head_and_its_lines() {
        let cells = |a: &str, b: &str| [a.to_owned(), b.to_owned()];
        let table = markdown(["a", "b"], vec![cells("1", "2"), cells("3", "4")]);
        assert_eq!(table, "| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |\n");
        assert_eq!(markdown(["a"], Vec::new()), "");
    }
}
