//! `jangteo audit`.

use std::fmt::Write as _;

use anyhow::Context;
use jangteo_application::{AuditCheck, AuditQueries, AuditReport, AuditSide};
use jangteo_security::SystemClock;
use jangteo_shared_kernel::Clock;

use super::{DONE, REFUSED, say};
use crate::body::audit::AuditBody;
use crate::body::values::Instant;
use crate::config::Settings;
use crate::keys::passing_cipher;
use crate::storage;

pub(super) async fn run(settings: &Settings, json: bool) -> anyhow::Result<u8> {
    anyhow::ensure!(!storage::is_missing(settings), "the database does not exist yet; run: jangteo migrate");
    // Nothing that is audited is sealed, so passing keys do.
    let storage = storage::open(settings, passing_cipher(), None).await?;
    let pending = storage.pending_migrations().await?;
    anyhow::ensure!(pending.is_empty(), "the schema is not up to date; run: jangteo migrate");
    let report = storage.audit(SystemClock.now()).await.context("the audit did not come to its end")?;
    storage.close().await?;
    if json {
        say(serde_json::to_string_pretty(&AuditBody::from(&report))?)?;
    } else {
        say(readable(&report)?.trim_end())?;
    }
    Ok(if report.holds() { DONE } else { REFUSED })
}

/// The report for a person: every rule as the equation that it is, and the rows that break it.
fn readable(report: &AuditReport) -> anyhow::Result<String> {
    let mut text = format!("Audit as of {}\n", Instant(report.as_of));
    for check in &report.checks {
        let verdict = if check.holds() { "ok  " } else { "FAIL" };
        let name = check.rule.name;
        let [expected, found] = [AuditSide::Expected, AuditSide::Found].map(|side| sum(check, side));
        let sign = if check.holds() { "=" } else { "≠" };
        writeln!(text, "{verdict}  {name}: {expected} {sign} {found}")?;
        if !check.holds() {
            writeln!(text, "      broken: {}", check.rule.says)?;
        }
        for row in &check.violations {
            let table = check.rule.table;
            writeln!(text, "      {table} {}: expected {}, found {}", row.row, row.expected, row.found)?;
        }
        let more = check.violated.saturating_sub(u64::try_from(check.violations.len())?);
        if more > 0 {
            writeln!(text, "      and {more} more")?;
        }
    }
    let (all, broken) = (report.checks.len(), report.checks.iter().filter(|check| !check.holds()).count());
    if broken == 0 {
        writeln!(text, "{}", adds_up(report))?;
    } else {
        writeln!(text, "{broken} of {all} rules are broken.")?;
    }
    Ok(text)
}

/// What is said of a report in which every rule holds.
pub(super) fn adds_up(report: &AuditReport) -> String {
    format!("Everything adds up: all {} rules hold.", report.checks.len())
}

/// A side of a rule with its figures: `stock 100 + ordered 20`.
fn sum(check: &AuditCheck, side: AuditSide) -> String {
    let mut text = String::new();
    for (term, total) in check.figures().filter(|(term, _)| term.side == side) {
        let sign = match (term.subtracted, text.is_empty()) {
            (true, _) => " - ",
            (false, true) => "",
            (false, false) => " + ",
        };
        text = format!("{text}{sign}{} {total}", term.figure);
    }
    text
}
