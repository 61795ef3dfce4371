//! What an audit found.

use std::collections::BTreeMap;

use jangteo_application::{AuditCheck, AuditReport, AuditViolation};
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;

/// Whether what the shop holds adds up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditReport)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditBody {
    as_of: Instant,
    /// Every rule, checked.
    checks: Vec<CheckBody>,
}

/// A rule of conservation, and whether it holds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditCheck)]
struct CheckBody {
    /// The stable name of the rule.
    #[schema(example = "stock-conserved")]
    name: &'static str,
    /// Whether no row breaks it.
    holds: bool,
    /// What each term of the rule adds up to over all rows; `violated` counts the rows that break it.
    #[schema(
        value_type = BTreeMap<String, i64>,
        example = json!({ "received": 120, "stock": 100, "ordered": 20, "violated": 0 })
    )]
    figures: BTreeMap<&'static str, i128>,
    /// The rows that break it; the first 100, by id.
    violations: Vec<ViolationBody>,
}

/// A row that breaks a rule.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditViolation)]
struct ViolationBody {
    #[schema(example = "product_stock")]
    table: &'static str,
    /// Its id, and behind a slash what else its key has.
    id: String,
    /// What it should be by the rest of the tables.
    #[schema(value_type = i64)]
    expected: i128,
    /// What it is.
    #[schema(value_type = i64)]
    found: i128,
}

impl From<&AuditReport> for AuditBody {
    fn from(report: &AuditReport) -> Self {
        Self { as_of: report.as_of.into(), checks: report.checks.iter().map(CheckBody::from).collect() }
    }
}

impl From<&AuditCheck> for CheckBody {
    fn from(check: &AuditCheck) -> Self {
        let figures = check.figures().map(|(term, total)| (term.figure, total));
        let row = |violation: &AuditViolation| ViolationBody {
            table: check.rule.table,
            id: violation.row.clone(),
            expected: violation.expected,
            found: violation.found,
        };
        Self {
            name: check.rule.name,
            holds: check.holds(),
            figures: figures.chain([("violated", check.violated.into())]).collect(),
            violations: check.violations.iter().map(row).collect(),
        }
    }
}
