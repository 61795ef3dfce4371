//! The audit, set by set: two statements a rule, all of them in one snapshot (ADR-031).
//!
//! A [`Ledger`] says from which rows each term of a rule comes. All terms of a rule together are one list of entries, each
//! an amount that some row contributes to the row that the rule is about; summed by row they are the two sides of its
//! equation, and summed by term the figures. So every table is read once a term, whatever the number of rows, and only
//! what breaks a rule leaves the database.

mod coupons;
mod ledger;
mod orders;
mod payments;
mod points;
mod refunds;
mod stock;

use jangteo_application::{AUDIT_RULES, AuditCheck, AuditQueries, AuditReport, AuditRule, AuditViolation};
use jangteo_shared_kernel::{StorageError, Timestamp};
use sea_orm::{DatabaseTransaction, DbErr, QueryResult, Statement, TryGetable};
use uuid::Uuid;

use self::ledger::Ledger;
use crate::SeaOrmStorage;
use crate::lane::Lane;

/// Where the terms of all rules come from.
fn ledgers() -> impl Iterator<Item = &'static Ledger> {
    let of_contexts = [
        stock::LEDGERS,
        coupons::LEDGERS,
        points::LEDGERS,
        orders::LEDGERS,
        payments::LEDGERS,
        refunds::LEDGERS,
    ];
    of_contexts.into_iter().flatten()
}

impl AuditQueries for SeaOrmStorage {
    async fn audit(&self, now: Timestamp) -> Result<AuditReport, StorageError> {
        let snapshot = self.one_moment().await?;
        let report = report(&snapshot, now).await?;
        snapshot.finish().await?;
        Ok(report)
    }
}

/// What all rules say of a snapshot.
pub(crate) async fn report(
    snapshot: &Lane<DatabaseTransaction>,
    now: Timestamp,
) -> Result<AuditReport, StorageError> {
    let dialect = snapshot.engine.dialect();
    if let Some(text) = dialect.before_whole_tables() {
        snapshot.run(Statement::from_string(dialect.backend(), text)).await?;
    }
    let mut checks = Vec::with_capacity(AUDIT_RULES.len());
    for rule in AUDIT_RULES {
        checks.push(check(snapshot, rule).await?);
    }
    Ok(AuditReport { as_of: now, checks })
}

async fn check(
    snapshot: &Lane<DatabaseTransaction>,
    rule: &'static AuditRule,
) -> Result<AuditCheck, StorageError> {
    let engine = snapshot.engine;
    let error = |error| engine.error(error);
    let missing = || StorageError::Fatal(format!("nobody knows how to check {}", rule.name).into());
    let ledger = ledgers().find(|ledger| ledger.checks(rule)).ok_or_else(missing)?;
    let run =
        async |text: String| snapshot.fetch(Statement::from_string(engine.dialect().backend(), text)).await;

    let mut totals = vec![0; rule.terms.len()];
    for row in run(ledger.totals(engine)).await? {
        let term: String = row.try_get_by_index(0).map_err(error)?;
        let total = term.parse::<usize>().ok().and_then(|term| totals.get_mut(term));
        *total.ok_or_else(missing)? = wide(&row, 1).map_err(error)?;
    }
    let broken = run(ledger.violations(engine, rule)).await?;
    let violations = broken.iter().map(violation).collect::<Result<_, _>>().map_err(error)?;
    let violated = broken.first().map_or(Ok(0), |row| row.try_get_by_index::<i64>(6)).map_err(error)?;
    Ok(AuditCheck { rule, totals, violated: u64::try_from(violated).unwrap_or_default(), violations })
}

fn violation(row: &QueryResult) -> Result<AuditViolation, DbErr> {
    let id: Uuid = row.try_get_by_index(0)?;
    let part: String = row.try_get_by_index(1)?;
    Ok(AuditViolation {
        row: if part.is_empty() { id.to_string() } else { format!("{id}/{part}") },
        expected: wide(row, 2)?,
        found: wide(row, 4)?,
    })
}

/// A sum that came in two columns: how often 2³², and what else.
fn wide(row: &QueryResult, column: usize) -> Result<i128, DbErr> {
    let part = |column| i64::try_get_by_index(row, column).map_err(DbErr::from);
    Ok((i128::from(part(column)?) << 32) + i128::from(part(column + 1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_one_ledger_with_its_terms() {
        for rule in AUDIT_RULES {
            let ledgers: Vec<_> = ledgers().filter(|ledger| ledger.checks(rule)).collect();
            assert_eq!(ledgers.len(), 1, "{}", rule.name);
        }
        assert_eq!(ledgers().count(), AUDIT_RULES.len());
    }
}
