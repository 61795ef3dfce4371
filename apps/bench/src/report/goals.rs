//! What has to be reached, from figures of one run.

use super::{HOT_ROW, ONE_A_TRANSACTION, Report, soak, table};
use crate::load::{Measured, Slice};

/// A figure and its bound.
struct Goal {
    workload: &'static str,
    what: &'static str,
    figure: Option<f64>,
    bound: Bound,
}

#[derive(Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

/// Goals whose figures were measured.
pub(super) fn table(report: &Report) -> String {
    let lines = goals(report).into_iter().filter_map(|goal| {
        let figure = goal.figure?;
        let (target, reached) = match goal.bound {
            Bound::AtLeast(least) => (format!("≥ {}", shown(least)), figure >= least),
            Bound::AtMost(most) => (format!("≤ {}", shown(most)), figure <= most),
        };
        let verdict = if reached { "yes" } else { "NO" };
        Some([goal.workload.to_owned(), goal.what.to_owned(), shown(figure), target, verdict.to_owned()])
    });
    table::markdown(["work", "what", "figure", "goal", "reached"], lines.collect())
}

fn shown(figure: f64) -> String {
    if figure < 100.0 { format!("{figure:.2}") } else { format!("{figure:.0}") }
}

fn goals(report: &Report) -> Vec<Goal> {
    let goal = |workload, what, figure, bound| Goal { workload, what, figure, bound };
    let rate = |name| report.rate(name);
    let ratio = |name, to: Option<f64>| Some(rate(name)? / to?);
    let p99 = |name| report.load(name).map(|load: &Measured| load.quantile(0.99));
    let dropped = |name| Some(report.load(name)?.punctuality?.dropped as f64);
    let growth = |name, figure: fn(&Slice) -> f64| soak::growth(&report.load(name)?.course, figure);
    let mebibytes = |bytes: u64| bytes as f64 / 1_048_576.0;
    let memory = report.memory;
    let least = Bound::AtLeast;
    vec![
        goal("R1", "of a bare handler", ratio("R1", rate("R1 bare")), least(0.8)),
        goal("R2", "of a bare handler", ratio("R2", rate("R2 bare")), least(0.6)),
        goal("W1", "orders/s", rate("W1"), least(10_000.0)),
        goal(
            "W1",
            "times pgbench, 10,000 products",
            ratio("W1", report.limit(ONE_A_TRANSACTION)),
            least(2.0),
        ),
        goal("W2", "orders/s", rate("W2"), least(10_000.0)),
        goal("W2", "times pgbench, one product", ratio("W2", report.limit(HOT_ROW)), least(6.0)),
        goal("W3", "purchases/s", rate("W3"), least(5_000.0)),
        goal("W4", "claims/s granted, gate in process", rate("W4 granted, gate in process"), least(10_000.0)),
        goal("W4", "claims/s refused, gate in process", rate("W4 refused, gate in process"), least(50_000.0)),
        goal("W4", "claims/s granted, gate in Redis", rate("W4 granted, gate in Redis"), least(10_000.0)),
        goal("W4", "claims/s refused, gate in Redis", rate("W4 refused, gate in Redis"), least(50_000.0)),
        goal("W5", "orders/s", rate("W5"), least(10_000.0)),
        goal("L1", "p99 ms", p99("L1"), Bound::AtMost(10.0)),
        goal("L2", "p99 ms", p99("L2"), Bound::AtMost(25.0)),
        goal("SOAK", "errors", soak::errors(report), Bound::AtMost(0.0)),
        goal("SOAK", "orders dropped", dropped("SOAK"), Bound::AtMost(0.0)),
        goal("SOAK", "resident memory, end to beginning", growth("SOAK", soak::resident), Bound::AtMost(1.1)),
        goal(
            "SOAK",
            "p99 of orders, end to beginning",
            growth("SOAK", |slice| slice.p99),
            Bound::AtMost(1.5),
        ),
        goal("S2", "of W1", report.of_small("S2 W1"), least(0.8)),
        goal("S2", "of R1", report.of_small("S2 R1"), least(0.8)),
        goal("S2", "of R2", report.of_small("S2 R2"), least(0.8)),
        goal("S2", "of R3", report.of_small("S2 R3"), least(0.8)),
        goal("M1", "MiB idle", memory.map(|memory| mebibytes(memory.idle)), Bound::AtMost(40.0)),
        goal(
            "M1",
            "MiB idle on SQLite",
            memory.map(|memory| mebibytes(memory.idle_on_sqlite)),
            Bound::AtMost(40.0),
        ),
        goal("M1", "MiB during W1", memory.map(|memory| mebibytes(memory.loaded)), Bound::AtMost(150.0)),
        goal(
            "M1",
            "ms from start to first answer on SQLite",
            memory.map(|memory| memory.start.as_secs_f64() * 1_000.0),
            Bound::AtMost(300.0),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Memory;
    use std::time::Duration;

    #[test]
    fn only_what_was_measured_is_judged() {
        assert_eq!(table(&Report::default()), "");
        let memory =
            Memory { idle: 1 << 20, idle_on_sqlite: 0, loaded: 200 << 20, start: Duration::from_millis(90) };
        let text = table(&Report { memory: Some(memory), ..Report::default() });
        assert!(text.contains("| M1 | MiB idle | 1.00 | ≤ 40.00 | yes |"), "{text}");
        assert!(text.contains("| M1 | MiB during W1 | 200 | ≤ 150 | NO |"), "{text}");
        assert!(!text.contains("W1 | orders/s"), "{text}");
    }
}
