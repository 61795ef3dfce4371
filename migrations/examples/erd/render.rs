//! The document: a diagram of how the tables refer to each other, then each context with its columns and its tables.

use std::fmt::Write as _;

use crate::ids;
use crate::prose::{Context, Prose};
use crate::schema::{Column, Index, Table, Tables};

const INTRODUCTION: &str = "# The tables

`cargo xtask erd` makes this page from the schema that the [migrations](../../migrations/src/lib.rs) make and from
[tables.md](tables.md), which says what each table is and is the file to edit. Continuous integration fails if the page is not
what they make.

A solid line is a foreign key, within one life cycle. A dotted line is an id alone, which names a row of another context, or
one whose lock would cost too much ([ADR-013](../adr/ADR-013-reference-by-id.md)). The types are SQLite's; what the other
engines have instead is in [schema.rs](../../migrations/src/schema.rs). The table of the migrations themselves is left out.
";

/// The whole page.
pub(crate) fn document(prose: &Prose<'_>, tables: &Tables) -> Result<String, String> {
    let mut page = format!("{INTRODUCTION}\n## How they refer to each other\n\n```mermaid\nerDiagram\n");
    for context in &prose.contexts {
        for (name, table) in of(context, tables) {
            line(&mut page, format_args!("    {name}"));
            relations(&mut page, name, table)?;
        }
    }
    page.push_str("```\n");
    for context in &prose.contexts {
        line(&mut page, format_args!("\n## {}\n\n{}\n\n```mermaid\nerDiagram", context.name, context.text));
        for (name, table) in of(context, tables) {
            line(&mut page, format_args!("    {name} {{"));
            table.columns.iter().for_each(|column| attribute(&mut page, table, column));
            page.push_str("    }\n");
            relations(&mut page, name, table)?;
        }
        page.push_str("```\n");
        for (name, text) in &context.tables {
            line(&mut page, format_args!("\n### {name}\n\n{text}"));
            if let Some(table) = tables.get(*name) {
                keeps(&mut page, table);
            }
        }
    }
    Ok(page)
}

fn of<'a>(context: &'a Context<'a>, tables: &'a Tables) -> impl Iterator<Item = (&'a str, &'a Table)> {
    context.tables.iter().filter_map(|(name, _)| Some((*name, tables.get(*name)?)))
}

/// A line for each column that names a row of another table.
fn relations(page: &mut String, name: &str, table: &Table) -> Result<(), String> {
    for column in &table.columns {
        let reference = table.references.iter().find(|reference| reference.column == column.name);
        let (owner, stroke) = match reference {
            Some(reference) => (&*reference.owner, "--"),
            None => match ids::named_by(table, column)? {
                Some(owner) => (owner, ".."),
                None => continue,
            },
        };
        let one = if column.nullable { "|o" } else { "||" };
        let many = if table.is_unique(&column.name) { "o|" } else { "o{" };
        line(page, format_args!("    {owner} {one}{stroke}{many} {name} : {}", column.name));
    }
    Ok(())
}

fn attribute(page: &mut String, table: &Table, column: &Column) {
    let keys = [
        (column.in_primary_key, "PK"),
        (table.references.iter().any(|reference| reference.column == column.name), "FK"),
        (!column.in_primary_key && table.is_unique(&column.name), "UK"),
    ];
    let keys: Vec<&str> = keys.iter().filter(|(is, _)| *is).map(|(_, key)| *key).collect();
    let keys = if keys.is_empty() { String::new() } else { format!(" {}", keys.join(", ")) };
    let null = if column.nullable { " \"or null\"" } else { "" };
    line(page, format_args!("        {} {}{keys}{null}", column.kind, column.name));
}

/// The indexes and the conditions.
fn keeps(page: &mut String, table: &Table) {
    let indexes: Vec<String> = table.indexes.iter().map(index).collect();
    let checks: Vec<String> = table.checks.iter().map(|name| format!("`{name}`")).collect();
    for (title, all) in [("Indexes", indexes), ("Conditions", checks)] {
        if !all.is_empty() {
            line(page, format_args!("\n{title}:\n\n- {}", all.join("\n- ")));
        }
    }
}

fn index(index: &Index) -> String {
    let name = index.name.as_ref().map(|name| format!("`{name}`: ")).unwrap_or_default();
    let unique = if index.unique { ", unique" } else { "" };
    let rows = index.condition.as_ref().map(|rows| format!(", where `{rows}`")).unwrap_or_default();
    format!("{name}{}{unique}{rows}", index.columns.join(", "))
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String does not fail.
    let _ = writeln!(page, "{text}");
}
