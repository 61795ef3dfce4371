//! How SOAK went on.

use std::time::Duration;

use super::{Report, table};
use crate::load::{Measured, Slice};

/// The most lines that the table has.
const LINES: usize = 12;

/// Slice by slice, or some of them together.
pub(super) fn table(report: &Report) -> String {
    let (Some(orders), Some(reads)) = (report.load("SOAK"), &report.soak_reads) else { return String::new() };
    let together = orders.course.len().div_ceil(LINES).max(1);
    let slices = orders.course.chunks(together).zip(reads.course.chunks(together));
    let mut from = Duration::ZERO;
    let lines = slices.map(|(orders, reads)| {
        let until = orders.last().map_or(from, |slice| slice.until);
        let seconds = until.saturating_sub(from).as_secs_f64();
        let rate = |slices: &[Slice]| {
            format!("{:.0}", slices.iter().map(|slice| slice.done).sum::<u64>() as f64 / seconds)
        };
        let worst =
            |slices: &[Slice]| format!("{:.2}", slices.iter().map(|slice| slice.p99).fold(0.0, f64::max));
        let resident = orders.iter().map(resident).fold(0.0, f64::max);
        from = until;
        [
            format!("{:.0}", until.as_secs_f64()),
            rate(orders),
            worst(orders),
            rate(reads),
            worst(reads),
            format!("{resident:.1}"),
        ]
    });
    let titles = ["until s", "orders per second", "p99 ms", "reads per second", "p99 ms", "resident MiB"];
    format!(
        "{}\nA line has the worst 99th percentile and the most memory of its slices. Over all, reads: {:.0} a second, p50 \
         {:.2} ms, p99 {:.2} ms.\n",
        table::markdown(titles, lines.collect()),
        reads.rate(),
        reads.quantile(0.5),
        reads.quantile(0.99),
    )
}

/// Requests that were not answered as they should have been, orders and reads.
pub(super) fn errors(report: &Report) -> Option<f64> {
    let of = |measured: &Measured, right: usize| {
        let wrong = measured.statuses.iter().filter(|(status, _)| **status != right);
        wrong.map(|(_, count)| count).sum::<u64>() + measured.lost
    };
    Some((of(report.load("SOAK")?, 201) + of(report.soak_reads.as_ref()?, 200)) as f64)
}

/// The memory of the server in MiB.
pub(super) fn resident(slice: &Slice) -> f64 {
    slice.resident as f64 / 1_048_576.0
}

/// How much more there is of something at the end than near the beginning: the median of the last fifth of the slices over
/// that of the second fifth. The first one is left out, in which caches and pools fill.
pub(super) fn growth(slices: &[Slice], figure: fn(&Slice) -> f64) -> Option<f64> {
    let fifth = slices.len() / 5;
    let [early, late] = [slices.get(fifth..2 * fifth)?, slices.get(slices.len() - fifth..)?]
        .map(|some| median(some.iter().map(figure).collect()));
    let ratio = late? / early?;
    ratio.is_finite().then_some(ratio)
}

/// The middle one, or what is halfway between the two in the middle.
fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let (low, high) = (figures.get(figures.len().checked_sub(1)? / 2)?, figures.get(figures.len() / 2)?);
    Some(f64::midpoint(*low, *high))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slices(p99: impl IntoIterator<Item = f64>) -> Vec<Slice> {
        let slice = |p99| Slice { until: Duration::ZERO, done: 1, p99, resident: 1 << 20 };
        p99.into_iter().map(slice).collect()
    }

    fn is(found: Option<f64>, expected: f64) -> bool {
        found.is_some_and(|found| (found - expected).abs() < 1e-9)
    }

    #[test]
    fn medians_stand_in_the_middle() {
        assert_eq!(median(Vec::new()), None);
        assert!(is(median(vec![3.0]), 3.0) && is(median(vec![9.0, 1.0, 2.0]), 2.0));
        assert!(is(median(vec![4.0, 1.0]), 2.5));
    }

    #[test]
    fn growth_compares_the_end_with_the_second_fifth() {
        let p99 = |slice: &Slice| slice.p99;
        let steady = slices([50.0, 50.0, 4.0, 4.0, 9.0, 4.0, 4.0, 4.0, 4.0, 4.0]);
        assert!(is(growth(&steady, p99), 1.0));
        assert!(is(growth(&steady, resident), 1.0));
        let worse = slices((1..=60).map(f64::from));
        assert!(is(growth(&worse, p99), 54.5 / 18.5));
        // One bad slice of many is no growth.
        let once = slices((0..60).map(|number| if number == 55 { 900.0 } else { 5.0 }));
        assert!(is(growth(&once, p99), 1.0));
        assert_eq!(growth(&slices([1.0, 2.0]), p99), None);
    }
}
