//! What is in `deploy/observability`: every figure and label that rules and dashboard ask for is told by the server, every
//! alert has its answer in the documents, and the rules ring when they should.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jangteo_test_services::find_program;
use serde_json::Value;

use crate::support::{Figures, Server};

/// What Prometheus and Grafana put in by themselves.
const NOT_OURS: [&str; 2] = ["instance", "job"];

/// A selector such as `jangteo_commands_total{kind="place_order",outcome!~"accepted|replayed"}`.
#[derive(Debug)]
struct Selector<'a> {
    name: &'a str,
    /// Labels, and a value that each may have.
    labels: Vec<(&'a str, &'a str)>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/observability")
}

fn read(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn operations() -> String {
    read("../../docs/operations.md")
}

/// How long the beginning of a text is that consists of such characters.
fn length(text: &str, of: impl Fn(char) -> bool) -> usize {
    text.find(|c| !of(c)).unwrap_or(text.len())
}

/// Every selector of ours in a text.
fn selectors(text: &str) -> Vec<Selector<'_>> {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let mut found = Vec::new();
    for (start, _) in text.match_indices("jangteo_") {
        if text[..start].ends_with(word) {
            continue;
        }
        let (name, mut rest) = text[start..].split_at(length(&text[start..], word));
        let mut labels = Vec::new();
        if let Some(inside) = rest.strip_prefix('{') {
            rest = inside;
            while !rest.starts_with('}') {
                rest = rest.trim_start_matches([',', ' ']);
                let (label, behind) = rest.split_at(length(rest, word));
                let (operator, quoted) = behind.split_once('"').expect("a quotation");
                assert!(["=", "!=", "=~", "!~"].contains(&operator), "{label}{operator} in {name}");
                let (values, behind) = quoted.split_once('"').expect("its end");
                rest = behind;
                // What Grafana fills in is no value of ours.
                let given = values.split('|').filter(|value| !value.contains('$'));
                labels.extend(given.map(|value| (label, value)));
            }
        }
        found.push(Selector { name, labels });
    }
    found
}

/// Whether a series has a label with this value.
fn has(series: &str, label: &str, value: &str) -> bool {
    let known = format!("{label}=\"{value}\"");
    series.contains(&format!("{{{known}")) || series.contains(&format!(",{known}"))
}

/// A histogram is named without what its series end with.
fn is_of(series: &str, name: &str) -> bool {
    let known = series.split('{').next().unwrap_or_default();
    known.strip_prefix(name).is_some_and(|end| ["", "_bucket", "_count", "_sum"].contains(&end))
}

/// The alerts that rules may ring.
fn alerts(rules: &str) -> impl Iterator<Item = &str> {
    rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: "))
}

async fn figures() -> Figures {
    let server = Server::with(&[("JANGTEO__RATE_LIMIT__ENABLED", "true")]);
    Figures::of(&server.api()).await
}

#[track_caller]
fn are_told(figures: &Figures, place: &str, text: &str) -> usize {
    let selectors = selectors(text);
    for Selector { name, labels } in &selectors {
        let of_name: Vec<&str> =
            figures.series.keys().map(String::as_str).filter(|series| is_of(series, name)).collect();
        assert!(!of_name.is_empty(), "{place} asks for {name}, which is not told");
        for (label, value) in labels.iter().filter(|(label, _)| !NOT_OURS.contains(label)) {
            let told = of_name.iter().any(|series| has(series, label, value));
            assert!(told, "{place} asks for {name} with {label}=\"{value}\", which is not told");
        }
    }
    selectors.len()
}

/// The texts under a name, wherever they are.
fn collect(value: &Value, name: &str, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            into.extend(fields.get(name).and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| collect(value, name, into));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, name, into)),
        _ => {}
    }
}

#[tokio::test]
async fn every_figure_that_rules_and_dashboard_ask_for_is_told() {
    let figures = figures().await;
    for name in ["alerts.yml", "alerts_test.yml"] {
        assert!(are_told(&figures, name, &read(name)) > 15, "{name}");
    }
    let dashboard: Value = serde_json::from_str(&read("dashboard.json")).expect("JSON");
    let mut questions = Vec::new();
    for field in ["expr", "query"] {
        collect(&dashboard, field, &mut questions);
    }
    assert!(questions.len() > 20, "{questions:?}");
    let asked: usize = questions.iter().map(|text| are_told(&figures, "the dashboard", text)).sum();
    assert!(asked > 20);
    assert!(are_told(&figures, "docs/operations.md", &operations()) > 20);
}

#[tokio::test]
async fn every_figure_is_explained_in_the_documents() {
    let (figures, document) = (figures().await, operations());
    let explained: BTreeSet<&str> = selectors(&document).iter().map(|selector| selector.name).collect();
    for series in figures.series.keys() {
        assert!(explained.iter().any(|name| is_of(series, name)), "{series} is not explained");
    }
}

#[test]
fn every_alert_has_an_answer_in_the_documents() {
    let rules = read("alerts.yml");
    let alerts: BTreeSet<&str> = alerts(&rules).collect();
    assert!(alerts.len() > 10, "{alerts:?}");
    let document = operations();
    let section = document.split("\n## When an alert rings\n").nth(1).expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    assert_eq!(rows.collect::<BTreeSet<_>>(), alerts);
}

#[test]
fn prometheus_takes_the_rules_and_they_ring_when_they_should() {
    let promtool = find_program("promtool", "prometheus").unwrap_or_else(|missing| panic!("{missing}"));
    for arguments in [["check", "config", "prometheus.yml"], ["test", "rules", "alerts_test.yml"]] {
        let checked = Command::new(&promtool).args(arguments).current_dir(folder()).output();
        let checked = checked.expect("promtool runs");
        let said = [&checked.stdout, &checked.stderr].map(|bytes| String::from_utf8_lossy(bytes));
        assert!(checked.status.success(), "{arguments:?}: {}{}", said[0], said[1]);
    }
}

/// A rule whose test would pass without it is not tested.
#[test]
fn every_rule_has_a_test_in_which_it_rings() {
    let (rules, tests) = (read("alerts.yml"), read("alerts_test.yml"));
    let rings: BTreeSet<&str> = tests
        .split("alertname: ")
        .skip(1)
        .filter(|part| part.lines().nth(1).is_some_and(|line| line.trim() == "exp_alerts:"))
        .filter_map(|part| part.lines().next())
        .collect();
    for alert in alerts(&rules) {
        assert!(rings.contains(alert), "{alert}");
    }
}

#[test]
fn a_selector_is_read_with_all_its_labels() {
    let found =
        selectors("rate(jangteo_a_total{kind=\"x|y\", n!=\"{z}\"}[5m]) / jangteo_b{i=~\"$i\"} xjangteo_c");
    let told: Vec<_> = found.into_iter().map(|Selector { name, labels }| (name, labels)).collect();
    assert_eq!(
        told,
        [("jangteo_a_total", vec![("kind", "x"), ("kind", "y"), ("n", "{z}")]), ("jangteo_b", vec![])]
    );
}
