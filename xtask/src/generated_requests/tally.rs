//! How the requests were answered.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

/// How often an operation answered with a status.
type Answers = BTreeMap<String, BTreeMap<String, u64>>;

/// The answers that everybody got.
#[derive(Debug, Default)]
pub(crate) struct Tally(Answers);

impl Tally {
    /// Adds what `hooks.py` has counted in a role, and tells it in one line.
    pub(crate) fn add(&mut self, role: &str, counted: &Path) -> Result<()> {
        let text =
            fs::read_to_string(counted).with_context(|| format!("cannot read {}", counted.display()))?;
        let answers: Answers =
            serde_json::from_str(&text).context("the tally is not what hooks.py writes")?;
        println!("    {role}: {}", told(&answers));
        for (operation, statuses) in answers {
            let sum = self.0.entry(operation).or_default();
            for (status, count) in statuses {
                *sum.entry(status).or_default() += count;
            }
        }
        Ok(())
    }

    /// Fails if there is an operation that nobody was answered with success.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(!self.0.is_empty(), "nothing was asked");
        let succeeded =
            |statuses: &BTreeMap<String, u64>| statuses.keys().any(|status| status.starts_with('2'));
        let never: Vec<_> = self
            .0
            .iter()
            .filter(|(_, statuses)| !succeeded(statuses))
            .map(|(name, _)| name.as_str())
            .collect();
        ensure!(
            never.is_empty(),
            "nobody succeeded with {}; let hooks.py make such requests about things that are there",
            never.join(", ")
        );
        println!("    each of {} operations succeeded for somebody", self.0.len());
        Ok(())
    }
}

/// The number of requests, and how many got each status.
fn told(answers: &Answers) -> String {
    let mut by_status: BTreeMap<&str, u64> = BTreeMap::new();
    for (status, count) in answers.values().flatten() {
        *by_status.entry(status).or_default() += count;
    }
    let all: u64 = by_status.values().sum();
    let each: Vec<String> = by_status.iter().map(|(status, count)| format!("{count} × {status}")).collect();
    format!("{all} answers: {}", each.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(counted: &[&str]) -> Result<Tally> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("counted.json");
        let mut tally = Tally::default();
        for text in counted {
            fs::write(&file, text)?;
            tally.add("nobody", &file)?;
        }
        Ok(tally)
    }

    #[test]
    fn it_is_enough_that_somebody_succeeds() -> Result<()> {
        tally(&[r#"{"audit": {"401": 5}, "livez": {"200": 1}}"#, r#"{"audit": {"204": 1, "422": 3}}"#])?
            .check()
    }

    #[test]
    fn an_operation_that_was_only_refused_is_told() -> Result<()> {
        let refused = tally(&[r#"{"audit": {"401": 5, "503": 2}, "livez": {"200": 1}}"#])?.check();
        let told = refused.expect_err("the audit was never made").to_string();
        assert!(told.starts_with("nobody succeeded with audit;"), "{told}");
        Ok(())
    }

    #[test]
    fn a_run_that_asked_nothing_is_none() -> Result<()> {
        assert!(tally(&["{}"])?.check().is_err());
        Ok(())
    }

    #[test]
    fn answers_are_told_by_their_status() -> Result<()> {
        let answers: Answers =
            serde_json::from_str(r#"{"audit": {"200": 1, "401": 2}, "livez": {"200": 3}}"#)?;
        assert_eq!(told(&answers), "6 answers: 4 × 200, 2 × 401");
        Ok(())
    }
}
