//! Fields at fault, collected so that all are told at once.

use serde::Serialize;
use utoipa::ToSchema;
use validator::{ValidationErrors, ValidationErrorsKind};

use super::Problem;

/// A field at fault.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub(crate) struct FieldFault {
    /// The field's JSON pointer, or a slash and the name of a query parameter.
    #[schema(example = "/items/0/quantity")]
    pub(crate) pointer: String,
    /// What is wrong with it.
    #[schema(example = "a line has 1 to 999 units")]
    pub(crate) detail: String,
}

/// Collects the fields at fault; at most one fault a field, the first.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<FieldFault>);

impl Faults {
    /// Notes a fault.
    pub(crate) fn add(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        let pointer = pointer.into();
        if self.0.iter().all(|fault| fault.pointer != pointer) {
            self.0.push(FieldFault { pointer, detail: detail.into() });
        }
    }

    /// The value; what is wrong with it is noted.
    pub(crate) fn check<T, E: ToString>(
        &mut self,
        pointer: impl Into<String>,
        value: Result<T, E>,
    ) -> Option<T> {
        value.map_err(|error| self.add(pointer, error.to_string())).ok()
    }

    /// Notes what the rules of a type found.
    pub(crate) fn add_all(&mut self, errors: &ValidationErrors) {
        self.add_below("", errors);
    }

    fn add_below(&mut self, above: &str, errors: &ValidationErrors) {
        let mut fields: Vec<_> = errors.errors().iter().collect();
        fields.sort_by_key(|(name, _)| *name);
        for (name, kind) in fields {
            let pointer = format!("{above}/{}", camel_case(name));
            match kind {
                ValidationErrorsKind::Struct(inner) => self.add_below(&pointer, inner),
                ValidationErrorsKind::List(items) => {
                    for (index, inner) in items {
                        self.add_below(&format!("{pointer}/{index}"), inner);
                    }
                }
                ValidationErrorsKind::Field(broken) => {
                    for rule in broken {
                        let detail = rule.message.as_deref().unwrap_or("does not hold what it should");
                        self.add(pointer.clone(), detail);
                    }
                }
            }
        }
    }

    /// The value, if no field is at fault.
    pub(crate) fn settle<T>(self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Problem::invalid(self.0)),
        }
    }
}

/// `product_id` as clients write it.
fn camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        text.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        text.push_str(letters.as_str());
    }
    text
}
