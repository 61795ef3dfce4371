//! Where the terms of a rule come from, and the statements that sum them.

use jangteo_application::{AuditCheck, AuditRule, AuditSide};

use crate::engine::Engine;

/// Where the terms of a rule come from.
pub(super) struct Ledger {
    /// The name of the rule.
    pub(super) rule: &'static str,
    /// Its terms, in their order.
    pub(super) terms: &'static [Term],
}

/// Where a term comes from: each row of `from` contributes an amount to a row of the rule's table.
pub(super) struct Term {
    figure: &'static str,
    id: &'static str,
    part: &'static str,
    amount: &'static str,
    from: &'static str,
}

/// The term called `figure`: `amount` for the row under `id`, of all rows of `from`. In an amount, `/` divides whole
/// numbers and rounds down.
pub(super) const fn term(
    figure: &'static str,
    id: &'static str,
    amount: &'static str,
    from: &'static str,
) -> Term {
    Term { figure, id, part: "''", amount, from }
}

impl Term {
    /// The key of the row has a text besides its id.
    pub(super) const fn and(self, part: &'static str) -> Self {
        Self { part, ..self }
    }
}

impl Ledger {
    /// Whether this is the ledger of a rule, term by term.
    pub(super) fn checks(&self, rule: &AuditRule) -> bool {
        let same = || rule.terms.iter().map(|term| term.figure).eq(self.terms.iter().map(|term| term.figure));
        self.rule == rule.name && same()
    }

    /// `term, total` of the terms that have entries. A total takes two columns.
    pub(super) fn totals(&self, engine: Engine) -> String {
        let entries = self.terms.iter().enumerate().map(|(n, term)| term.entries(engine, n, ""));
        let total = engine.dialect().wide_sum("", "amount");
        format!(
            "WITH entries (term, id, part, amount) AS ({}) SELECT term, {total} FROM entries GROUP BY term",
            union(entries)
        )
    }

    /// `id, part, expected, found, how many there are` of the rows whose sides differ, the first of them. A side takes
    /// two columns.
    pub(super) fn violations(&self, engine: Engine, rule: &AuditRule) -> String {
        let entries = rule.terms.iter().zip(self.terms).enumerate().map(|(n, (term, source))| {
            let [expected, found] = [AuditSide::Expected, AuditSide::Found].map(|side| term.sign_on(side));
            source.entries(engine, n, &format!(", {expected} AS expected, {found} AS found"))
        });
        format!(
            "WITH entries (term, id, part, amount, expected, found) AS ({}) \
             SELECT id, part, {}, {}, COUNT(*) OVER () FROM entries GROUP BY id, part HAVING {} \
             ORDER BY id, part LIMIT {}",
            union(entries),
            engine.dialect().wide_sum("expected * ", "amount"),
            engine.dialect().wide_sum("found * ", "amount"),
            engine.dialect().wide_sum_is_not_zero("(expected - found) * ", "amount"),
            AuditCheck::LISTED,
        )
    }
}

impl Term {
    /// The number of the term is a text, which is one type on every engine.
    fn entries(&self, engine: Engine, n: usize, more: &str) -> String {
        let Self { id, part, from, .. } = self;
        let amount = self.amount.replace('/', engine.dialect().division());
        format!("SELECT '{n}' AS term, {id} AS id, {part} AS part, {amount} AS amount{more} FROM {from}")
    }
}

fn union(entries: impl Iterator<Item = String>) -> String {
    entries.collect::<Vec<_>>().join(" UNION ALL ")
}
