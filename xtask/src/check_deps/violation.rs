//! A rule that a member breaks.

use std::fmt;

use super::members::Member;

/// What is wrong with a member, and the rule that says so.
#[derive(Debug)]
pub(crate) struct Violation {
    member: String,
    folder: String,
    fault: String,
    rule: String,
}

impl Violation {
    /// The fault is a predicate of the member's name: "must not depend on sea-orm".
    pub(crate) fn new(member: &Member<'_>, fault: impl Into<String>, rule: impl Into<String>) -> Self {
        Self {
            member: member.package.name.to_string(),
            folder: member.folder.clone(),
            fault: fault.into(),
            rule: rule.into(),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { member, folder, fault, rule } = self;
        write!(f, "  {member} ({folder}) {fault}\n    rule: {rule}")
    }
}
