//! The shape of a rule: an equation that holds for each row of a table.

/// An equation between sums over the tables, which holds for each row that it is about.
///
/// A row's terms are what the rows of all tables contribute to it. A rule holds for a row if its terms on the expected
/// side add up to those on the found side. A contribution to a row that is not there breaks the rule as well.
#[derive(Debug, PartialEq, Eq)]
pub struct AuditRule {
    /// Its stable name, in kebab case.
    pub name: &'static str,
    /// What it says, for a person.
    pub says: &'static str,
    /// The table whose rows it is about.
    pub table: &'static str,
    /// Its terms, those of the expected side first.
    pub terms: &'static [AuditTerm],
}

/// A term of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditTerm {
    /// Its stable name, in camel case.
    pub figure: &'static str,
    /// The side of the equation that it stands on.
    pub side: AuditSide,
    /// Whether it is subtracted there.
    pub subtracted: bool,
}

/// A side of an equation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditSide {
    /// What the rest of the tables says should be there.
    Expected,
    /// What is there.
    Found,
}

impl AuditTerm {
    /// With what an amount of this term counts on a side: 1, −1, or 0 on the other side.
    #[must_use]
    pub fn sign_on(&self, side: AuditSide) -> i8 {
        match (self.side == side, self.subtracted) {
            (false, _) => 0,
            (true, false) => 1,
            (true, true) => -1,
        }
    }
}

/// A term that is added on the expected side.
pub(super) const fn expects(figure: &'static str) -> AuditTerm {
    AuditTerm { figure, side: AuditSide::Expected, subtracted: false }
}

/// A term that is added on the found side.
pub(super) const fn finds(figure: &'static str) -> AuditTerm {
    AuditTerm { figure, side: AuditSide::Found, subtracted: false }
}

/// The same term, subtracted.
pub(super) const fn less(term: AuditTerm) -> AuditTerm {
    AuditTerm { subtracted: true, ..term }
}
