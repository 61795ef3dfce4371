//! What an audit found.

use jangteo_shared_kernel::Timestamp;

use super::{AuditRule, AuditTerm};

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditReport {
    /// When the snapshot was asked for.
    pub as_of: Timestamp,
    /// What became of each rule, in the order of the rules.
    pub checks: Vec<AuditCheck>,
}

/// What became of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditCheck {
    /// The rule.
    pub rule: &'static AuditRule,
    /// What each term of the rule adds up to over all rows, in the order of the terms.
    pub totals: Vec<i128>,
    /// How many rows break the rule.
    pub violated: u64,
    /// The first of them, in ascending id.
    pub violations: Vec<AuditViolation>,
}

/// A row that breaks a rule. It is one of the rule's table, or would be if it were there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditViolation {
    /// Which row: its id, and behind a slash what else its key has.
    pub row: String,
    /// What the terms on the expected side add up to for this row.
    pub expected: i128,
    /// What the terms on the found side add up to for this row.
    pub found: i128,
}

impl AuditReport {
    /// Whether every rule holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.checks.iter().all(AuditCheck::holds)
    }
}

impl AuditCheck {
    /// How many of the rows that break a rule are named.
    pub const LISTED: usize = 100;

    /// Whether no row breaks the rule.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.violated == 0
    }

    /// Each term with what it adds up to over all rows.
    pub fn figures(&self) -> impl Iterator<Item = (&'static AuditTerm, i128)> {
        self.rule.terms.iter().zip(self.totals.iter().copied())
    }
}
