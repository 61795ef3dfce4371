//! What a file of Markdown says of the tables: an introduction, then `## a context`, then `### a table`, each with a text.

use std::collections::BTreeSet;

use crate::schema::Tables;

#[derive(Debug)]
pub(crate) struct Prose<'a> {
    pub(crate) contexts: Vec<Context<'a>>,
}

/// A bounded context, or another part of the application that has tables.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) name: &'a str,
    pub(crate) text: &'a str,
    /// Each with its name and its text.
    pub(crate) tables: Vec<(&'a str, &'a str)>,
}

impl<'a> Prose<'a> {
    /// Takes the file apart. Fails if a heading has no text. The introduction is for who edits it, and left out.
    pub(crate) fn read(text: &'a str) -> Result<Self, String> {
        let mut contexts = Vec::new();
        for (name, rest) in parts(text, "\n## ") {
            let tables = parts(rest, "\n### ");
            let text = rest.split("\n### ").next().unwrap_or_default().trim();
            if let Some((name, _)) = tables.iter().chain([&(name, text)]).find(|(_, text)| text.is_empty()) {
                return Err(format!("nothing is said of {name}"));
            }
            contexts.push(Context { name, text, tables });
        }
        Ok(Self { contexts })
    }

    /// Fails, naming them, if there are tables of which nothing is said, or if something is said of what is no table, or
    /// twice.
    pub(crate) fn check(&self, tables: &Tables) -> Result<(), String> {
        let named: Vec<&str> =
            self.contexts.iter().flat_map(|context| &context.tables).map(|(name, _)| *name).collect();
        let told: BTreeSet<&str> = named.iter().copied().collect();
        let there: BTreeSet<&str> = tables.keys().map(String::as_str).collect();
        let faults: Vec<String> = there
            .difference(&told)
            .map(|name| format!("nothing is said of the table {name}"))
            .chain(
                told.difference(&there)
                    .map(|name| format!("there is no table {name}, of which something is said")),
            )
            .chain((named.len() != told.len()).then(|| "a table is there twice".to_owned()))
            .collect();
        if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
    }
}

/// The parts that begin with a mark: what stands in its line, and what follows up to the next one.
fn parts<'a>(text: &'a str, mark: &str) -> Vec<(&'a str, &'a str)> {
    let part = |part: &'a str| part.split_once('\n').map_or((part, ""), |(name, text)| (name, text.trim()));
    text.split(mark).skip(1).map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Table;

    const TEXT: &str = "# It\n\nEdit this.\n\n## User\nPeople.\n\n### users\nA row is one.\nTwo lines.\n\n### families\nMany.\n\
                        \n## Order\nSales.\n\n### orders\nOne.\n";

    fn tables(names: &[&str]) -> Tables {
        names.iter().map(|name| ((*name).to_owned(), Table::default())).collect()
    }

    #[test]
    fn contexts_have_tables_in_the_order_of_the_file() {
        let prose = Prose::read(TEXT).expect("it is whole");
        let contexts: Vec<_> = prose.contexts.iter().map(|one| (one.name, one.text)).collect();
        assert_eq!(contexts, [("User", "People."), ("Order", "Sales.")]);
        assert_eq!(prose.contexts[0].tables, [("users", "A row is one.\nTwo lines."), ("families", "Many.")]);
        assert_eq!(prose.check(&tables(&["families", "orders", "users"])), Ok(()));
    }

    #[test]
    fn a_table_of_which_nothing_is_said_is_told() {
        let told = Prose::read(TEXT)
            .expect("it is whole")
            .check(&tables(&["families", "leases", "orders", "users"]));
        assert_eq!(told, Err("nothing is said of the table leases".to_owned()));
    }

    #[test]
    fn what_is_no_table_is_told() {
        let told = Prose::read(TEXT).expect("it is whole").check(&tables(&["orders", "users"]));
        assert_eq!(told, Err("there is no table families, of which something is said".to_owned()));
    }

    #[test]
    fn a_table_that_is_there_twice_is_told() {
        let twice = format!("{TEXT}\n### users\nAgain.\n");
        let told = Prose::read(&twice).expect("it is whole").check(&tables(&["families", "orders", "users"]));
        assert_eq!(told, Err("a table is there twice".to_owned()));
    }

    #[test]
    fn a_heading_without_a_text_is_told() {
        let told = Prose::read(&TEXT.replace("Many.\n", "")).expect_err("nothing stands there");
        assert_eq!(told, "nothing is said of families");
    }
}
