//! Every diagram parses.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Result, ensure};

use super::document::{Document, Told};
use super::mermaid::Mermaid;

/// No diagram. A parser that takes it takes anything.
const WRONG: &str = "sequenceDiagram\n    A->>";

/// The diagrams that Mermaid refuses, one a line with what it says of them.
pub(crate) fn check(mermaid: &Mermaid, documents: &BTreeMap<PathBuf, Document>) -> Result<Vec<String>> {
    let all: Vec<(&Document, &Told)> = documents
        .values()
        .flat_map(|document| document.diagrams.iter().map(move |diagram| (document, diagram)))
        .collect();
    let mut texts = vec![WRONG];
    texts.extend(all.iter().map(|(_, diagram)| &*diagram.text));
    let mut said = mermaid.parse(&texts)?;
    ensure!(said.remove(0).is_some(), "mermaid takes what is no diagram: it would take anything");
    let faults = all.into_iter().zip(said).filter_map(|((document, diagram), said)| {
        let said = said?.replace('\n', "\n      ");
        Some(document.fault(diagram.line, &format!("mermaid does not parse this diagram:\n      {said}")))
    });
    Ok(faults.collect())
}

#[cfg(all(test, unix))]
mod tests {
    use std::path::Path;

    use super::*;

    /// The documents of one text, and a Mermaid that answers with this JSON whatever it is asked.
    fn checked(answer: &str) -> Result<Vec<String>> {
        let folder = tempfile::tempdir()?;
        let mermaid = Mermaid::that_answers(folder.path(), answer)?;
        let text = "# A\n\n```mermaid\npie\n```\n\n```mermaid\npi\n```\n";
        let document = Document::read(Path::new("docs/a.md"), text);
        check(&mermaid, &BTreeMap::from([(document.path.clone(), document)]))
    }

    #[test]
    fn diagrams_that_parse_are_no_faults() -> Result<()> {
        assert_eq!(checked(r#"["no diagram", null, null]"#)?, Vec::<String>::new());
        Ok(())
    }

    #[test]
    fn a_diagram_that_does_not_parse_is_told_with_its_line() -> Result<()> {
        let told = "docs/a.md:7: mermaid does not parse this diagram:\n      No diagram\n      type";
        assert_eq!(checked(r#"["no diagram", null, "No diagram\ntype"]"#)?, [told]);
        Ok(())
    }

    #[test]
    fn a_parser_that_takes_anything_is_refused() {
        let told = checked("[null, null, null]").expect_err("it took what is no diagram").to_string();
        assert!(told.contains("it would take anything"), "{told}");
    }

    #[test]
    fn an_answer_about_fewer_diagrams_is_refused() {
        let told = checked(r#"["no diagram", null]"#).expect_err("one was left out").to_string();
        assert!(told.contains("was asked about 3 diagrams and answered about 2"), "{told}");
    }
}
