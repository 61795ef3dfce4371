//! The audit in memory: the rules of the application, with terms from the committed state (ADR-031).

mod coupons;
mod orders;
mod payments;
mod points;
mod refunds;
mod stock;

use std::collections::BTreeMap;

use jangteo_application::{
    AUDIT_RULES, AuditCheck, AuditQueries, AuditReport, AuditRule, AuditSide, AuditViolation,
};
use jangteo_shared_kernel::{StorageError, Timestamp};

use crate::MemoryStorage;
use crate::fault::broken;

/// What the rows of the state contribute to the rows that each rule is about, term by term.
#[derive(Default)]
struct Book(BTreeMap<(&'static str, &'static str), Vec<(String, i128)>>);

impl Book {
    /// Enters the amounts of one term of a rule, each for the row that it is told of.
    fn enter<I: ToString, A: Into<i128>>(
        &mut self,
        rule: &'static str,
        figure: &'static str,
        amounts: impl IntoIterator<Item = (I, A)>,
    ) {
        let amounts = amounts.into_iter().map(|(row, amount)| (row.to_string(), amount.into()));
        self.0.entry((rule, figure)).or_default().extend(amounts);
    }

    fn check(&self, rule: &'static AuditRule) -> Result<AuditCheck, StorageError> {
        let mut totals = Vec::with_capacity(rule.terms.len());
        let mut sides: BTreeMap<&str, (i128, i128)> = BTreeMap::new();
        for term in rule.terms {
            let unknown = || broken("nobody knows how to check a rule of the audit");
            let entries = self.0.get(&(rule.name, term.figure)).ok_or_else(unknown)?;
            totals.push(entries.iter().map(|(_, amount)| amount).sum());
            for (row, amount) in entries {
                let (expected, found) = sides.entry(row).or_default();
                *expected += amount * i128::from(term.sign_on(AuditSide::Expected));
                *found += amount * i128::from(term.sign_on(AuditSide::Found));
            }
        }
        let differ = || sides.iter().filter(|(_, (expected, found))| expected != found);
        let violation = |(row, &(expected, found)): (&&str, &(i128, i128))| AuditViolation {
            row: (*row).to_owned(),
            expected,
            found,
        };
        Ok(AuditCheck {
            rule,
            totals,
            violated: u64::try_from(differ().count()).unwrap_or(u64::MAX),
            violations: differ().take(AuditCheck::LISTED).map(violation).collect(),
        })
    }
}

impl AuditQueries for MemoryStorage {
    async fn audit(&self, now: Timestamp) -> Result<AuditReport, StorageError> {
        let mut book = Book::default();
        {
            let state = self.shared.state();
            stock::enter(&mut book, &state);
            coupons::enter(&mut book, &state);
            points::enter(&mut book, &state);
            orders::enter(&mut book, &state);
            payments::enter(&mut book, &state);
            refunds::enter(&mut book, &state);
        }
        let checks = AUDIT_RULES.iter().map(|rule| book.check(rule)).collect::<Result<_, _>>()?;
        Ok(AuditReport { as_of: now, checks })
    }
}
