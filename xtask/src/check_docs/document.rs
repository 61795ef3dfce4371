//! A file of Markdown, as far as it can be wrong.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pulldown_cmark::{
    BrokenLink, CodeBlockKind, CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd,
};

/// Where it is, and what it has.
#[derive(Debug)]
pub(crate) struct Document {
    /// From the root of the repository.
    pub(crate) path: PathBuf,
    pub(crate) headings: Vec<Heading>,
    /// Where its links and pictures lead.
    pub(crate) links: Vec<Told>,
    /// What stands between backticks.
    pub(crate) quotations: Vec<Told>,
    /// The text of each block of Mermaid.
    pub(crate) diagrams: Vec<Told>,
}

/// A heading, and what a link to it names.
#[derive(Debug)]
pub(crate) struct Heading {
    pub(crate) level: HeadingLevel,
    pub(crate) text: String,
    pub(crate) anchor: String,
    pub(crate) line: usize,
}

/// A piece of a document, and the line where it begins.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) text: String,
    pub(crate) line: usize,
}

impl Document {
    /// Takes a text apart.
    pub(crate) fn read(path: &Path, text: &str) -> Self {
        let mut document = Self {
            path: path.to_owned(),
            headings: Vec::new(),
            links: Vec::new(),
            quotations: Vec::new(),
            diagrams: Vec::new(),
        };
        let told = |text: &str, line| Told { text: text.to_owned(), line };
        let mut anchors = BTreeMap::new();
        // The heading or the diagram that has begun.
        let (mut heading, mut diagram) = (None, None);
        let parser =
            Parser::new_with_broken_link_callback(text, Options::ENABLE_TABLES, Some(reference_to_nothing));
        let breaks: Vec<usize> = text.match_indices('\n').map(|(place, _)| place).collect();
        for (event, place) in parser.into_offset_iter() {
            let line = 1 + breaks.partition_point(|end| *end < place.start);
            match event {
                Event::Start(Tag::Heading { level, .. }) => heading = Some((level, String::new(), line)),
                Event::End(TagEnd::Heading(_)) => {
                    if let Some((level, text, line)) = heading.take() {
                        let anchor = anchor(&text, &mut anchors);
                        document.headings.push(Heading { level, text, anchor, line });
                    }
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    document.links.push(told(&dest_url, line));
                }
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) if &*language == "mermaid" => {
                    diagram = Some((String::new(), line));
                }
                Event::End(TagEnd::CodeBlock) => {
                    document.diagrams.extend(diagram.take().map(|(text, line)| Told { text, line }));
                }
                Event::Text(text) => match (&mut heading, &mut diagram) {
                    (Some((_, heading, _)), _) => heading.push_str(&text),
                    (_, Some((diagram, _))) => diagram.push_str(&text),
                    _ => {}
                },
                Event::Code(code) => {
                    if let Some((_, heading, _)) = &mut heading {
                        heading.push_str(&code);
                    }
                    document.quotations.push(told(&code, line));
                }
                _ => {}
            }
        }
        document
    }

    /// A fault of this document, in one line of text.
    pub(crate) fn fault(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path.display())
    }
}

/// A link by a reference that is not defined, `[a][b]`, leads to what is no file's name.
#[expect(clippy::needless_pass_by_value, reason = "the parser gives it away")]
fn reference_to_nothing(link: BrokenLink<'_>) -> Option<(CowStr<'_>, CowStr<'_>)> {
    let is_link = matches!(link.link_type, LinkType::Reference | LinkType::Collapsed);
    is_link.then(|| (format!("[{}]", link.reference).into(), "".into()))
}

/// What GitHub calls a heading in links: without punctuation, numbered if the same was there before.
fn anchor(heading: &str, before: &mut BTreeMap<String, usize>) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let anchor = heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-");
    let count = before.entry(anchor.clone()).or_default();
    *count += 1;
    if *count == 1 { anchor } else { format!("{anchor}-{}", *count - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Document {
        Document::read(Path::new("docs/a.md"), text)
    }

    fn anchors(text: &str) -> Vec<String> {
        read(text).headings.into_iter().map(|heading| heading.anchor).collect()
    }

    fn told(pieces: &[Told]) -> Vec<(&str, usize)> {
        pieces.iter().map(|piece| (&*piece.text, piece.line)).collect()
    }

    #[test]
    fn a_heading_is_called_as_github_calls_it() {
        let text = "# OWASP ASVS 5.0.0, levels 1 and 2\n\n## `jangteo keys`: the *others*\n\n### 실행하기\n";
        assert_eq!(anchors(text), ["owasp-asvs-500-levels-1-and-2", "jangteo-keys-the-others", "실행하기"]);
    }

    #[test]
    fn the_second_heading_of_a_name_is_numbered() {
        assert_eq!(anchors("# Restore\n# Restore\n# Restore\n"), ["restore", "restore-1", "restore-2"]);
    }

    #[test]
    fn links_pictures_and_references_are_links() {
        let text = "[a](b.md)\n![c](d.svg)\n[e][f] <https://g>\n\n| [h](i.md) |\n|---|\n\n[f]: j.md\n";
        let links = [("b.md", 1), ("d.svg", 2), ("j.md", 3), ("https://g", 3), ("i.md", 5)];
        assert_eq!(told(&read(text).links), links);
    }

    #[test]
    fn a_reference_that_is_not_defined_leads_to_what_is_no_file() {
        assert_eq!(told(&read("See [a][b], and [what is in brackets].\n").links), [("[b]", 1)]);
    }

    #[test]
    fn what_is_shown_as_code_is_no_link() {
        assert_eq!(told(&read("`[a](b.md)`\n\n```md\n[a](b.md)\n```\n").links), []);
    }

    #[test]
    fn diagrams_are_the_blocks_of_mermaid() {
        let text = "# A\n\n```mermaid\npie\n  \"a\" : 1\n```\n\n```rust\nfn a() {}\n```\n";
        assert_eq!(told(&read(text).diagrams), [("pie\n  \"a\" : 1\n", 3)]);
    }

    #[test]
    fn quotations_have_their_lines() {
        assert_eq!(told(&read("# `a`\n\nThe `b`\nand `c`.\n").quotations), [("a", 1), ("b", 3), ("c", 4)]);
    }
}
