//! Plots as SVG.

use std::path::Path;

use anyhow::{Result, anyhow};
use hdrhistogram::Histogram;
use plotters::prelude::*;

use super::{Report, soak};
use crate::load::{Measured, Slice};

const SIZE: (u32, u32) = (800, 480);
const COLOURS: [RGBColor; 6] = [
    RGBColor(31, 119, 180),
    RGBColor(214, 39, 40),
    RGBColor(44, 160, 44),
    RGBColor(148, 103, 189),
    RGBColor(255, 127, 14),
    RGBColor(23, 190, 207),
];

/// A line of a plot.
struct Line {
    name: String,
    points: Vec<(f64, f64)>,
}

/// What the axes say.
struct Axes {
    title: &'static str,
    across: &'static str,
    up: &'static str,
    /// How many values across are told at the most.
    told: usize,
    /// How a value across is told.
    tell: fn(&f64) -> String,
}

/// Draws what was measured; gives the files and their titles.
pub(super) fn draw(report: &Report, folder: &Path) -> Result<Vec<(&'static str, &'static str)>> {
    let mut drawn = Vec::new();
    let throughput = report.by_connections.iter().map(|(name, points)| Line {
        name: name.clone(),
        points: points.iter().map(|(count, rate)| ((*count as f64).log2(), *rate)).collect(),
    });
    let axes = Axes {
        title: "Orders by the number of connections (W1)",
        across: "connections",
        up: "orders per second",
        told: 12,
        tell: |log| format!("{:.0}", log.exp2()),
    };
    let lines: Vec<_> = throughput.collect();
    if !lines.is_empty() {
        plot(&folder.join("throughput.svg"), &axes, &lines)?;
        drawn.push(("throughput.svg", axes.title));
    }

    let scheduled = report.loads.iter().filter(|(_, measured)| measured.punctuality.is_some());
    let latency = scheduled.map(|(name, measured)| Line {
        name: format!("{name}, {:.0} orders per second", measured.rate()),
        points: quantiles(&measured.latency),
    });
    let axes = Axes {
        title: "Latency from when an order was due",
        across: "share of orders",
        up: "milliseconds at most",
        // Whole nines only.
        told: 4,
        tell: |nines| format!("{}%", 100.0 - 100.0 * 10_f64.powf(-nines)),
    };
    let lines: Vec<_> = latency.collect();
    if !lines.is_empty() {
        plot(&folder.join("latency.svg"), &axes, &lines)?;
        drawn.push(("latency.svg", axes.title));
    }

    for (file, axes, lines) in over_time(report) {
        if !lines.is_empty() {
            plot(&folder.join(file), &axes, &lines)?;
            drawn.push((file, axes.title));
        }
    }
    Ok(drawn)
}

/// How SOAK went on: latency, and memory.
fn over_time(report: &Report) -> [(&'static str, Axes, Vec<Line>); 2] {
    let orders = report.load("SOAK").map(|orders| ("orders", orders));
    let reads = report.soak_reads.as_ref().map(|reads| ("reads", reads));
    let line = |(name, measured): (&str, &Measured), figure: fn(&Slice) -> f64| Line {
        name: name.to_owned(),
        points: measured.course.iter().map(|slice| (slice.until.as_secs_f64(), figure(slice))).collect(),
    };
    let axes =
        |title, up| Axes { title, across: "seconds", up, told: 12, tell: |seconds| format!("{seconds:.0}") };
    [
        (
            "soak-latency.svg",
            axes("The 99th percentile over time (SOAK)", "milliseconds"),
            orders.into_iter().chain(reads).map(|load| line(load, |slice| slice.p99)).collect(),
        ),
        (
            "soak-memory.svg",
            axes("Resident memory of the server over time (SOAK)", "MiB"),
            orders.map(|(_, orders)| line(("the server", orders), soak::resident)).into_iter().collect(),
        ),
    ]
}

/// The latency in milliseconds by the number of nines of its quantile.
fn quantiles(latency: &Histogram<u64>) -> Vec<(f64, f64)> {
    let nines = (0..=30).map(|tenths| f64::from(tenths) / 10.0);
    let value = |nines: f64| latency.value_at_quantile(1.0 - 10_f64.powf(-nines)) as f64 / 1_000.0;
    nines.map(|nines| (nines, value(nines))).collect()
}

fn plot(file: &Path, axes: &Axes, lines: &[Line]) -> Result<()> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let right = points().map(|(across, _)| *across).fold(1.0, f64::max);
    let top = points().map(|(_, up)| *up).fold(0.0, f64::max) * 1.1;
    let failed = |error| anyhow!("a plot cannot be drawn: {error}");
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE).map_err(failed)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(axes.title, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(70)
        .build_cartesian_2d(0.0..right, 0.0..top.max(1.0))
        .map_err(failed)?;
    chart
        .configure_mesh()
        .x_desc(axes.across)
        .y_desc(axes.up)
        .x_labels(axes.told)
        .x_label_formatter(&axes.tell)
        .y_label_formatter(&|up| format!("{up:.0}"))
        .light_line_style(TRANSPARENT)
        .draw()
        .map_err(failed)?;
    for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let style = colour.stroke_width(2);
        let drawn = chart.draw_series(LineSeries::new(line.points.iter().copied(), style)).map_err(failed)?;
        drawn
            .label(line.name.clone())
            .legend(move |(across, up)| PathElement::new([(across, up), (across + 18, up)], style));
    }
    chart
        .configure_series_labels()
        .background_style(WHITE)
        .border_style(BLACK)
        .position(SeriesLabelPosition::UpperLeft)
        .draw()
        .map_err(failed)?;
    area.present().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_names_its_lines() {
        let folder = tempfile::tempdir().unwrap();
        let by_connections = vec![("the server".to_owned(), vec![(1, 100.0), (64, 900.0)])];
        let drawn = draw(&Report { by_connections, ..Report::default() }, folder.path()).unwrap();
        assert_eq!(drawn.len(), 1);
        let svg = std::fs::read_to_string(folder.path().join(drawn[0].0)).unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("the server") && svg.contains("connections"));
    }

    #[test]
    fn quantiles_end_at_three_nines() {
        let mut latency = Histogram::new(3).unwrap();
        for micros in 1..=10_000 {
            latency.record(micros).unwrap();
        }
        let points = quantiles(&latency);
        let (nines, last) = points[points.len() - 1];
        assert!((nines - 3.0).abs() < 1e-9 && (9.9..=10.1).contains(&last), "{last}");
    }
}
