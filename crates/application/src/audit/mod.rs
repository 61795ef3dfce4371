//! The audit: proof from the tables alone that nothing was lost and nothing invented (ADR-031).

mod report;
mod rule;
mod rules;

use jangteo_shared_kernel::{StorageError, Timestamp};

pub use report::{AuditCheck, AuditReport, AuditViolation};
pub use rule::{AuditRule, AuditSide, AuditTerm};
pub use rules::AUDIT_RULES;

/// Proves that what a storage holds adds up.
///
/// # Contract
/// - Every rule of [`AUDIT_RULES`] is checked, in that order.
/// - The terms of a rule are computed from the stored rows **alone**: never by the code that wrote them, from a cache or
///   from an earlier audit.
/// - All of it is read from **one snapshot**, so that the report is right while orders are running. What is under way
///   is in it whole or not at all.
/// - Each row that breaks a rule is named, up to [`AuditCheck::LISTED`] a rule in ascending id; the others are counted.
/// - Nothing is written, and nobody waits for it.
pub trait AuditQueries: Sync {
    /// What the storage holds at `now`, checked.
    fn audit(&self, now: Timestamp) -> impl Future<Output = Result<AuditReport, StorageError>> + Send;
}
