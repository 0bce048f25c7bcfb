//! Every crate says in a README what it owns, and the README is its crate doc.

use crate::{Findings, finding::Finding, tree::Tree};

/// Fewer lines than these say nothing.
const LEAST_LINES: usize = 3;
/// Most lines of the front page.
const FRONT_PAGE: usize = 150;

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    for manifest in &tree.manifests {
        let path = format!("{}/README.md", manifest.folder);
        let Some(readme) = tree.markdown.iter().find(|text| text.path == path) else {
            findings.push(Finding::new(
                &path,
                0,
                "is missing: say what the crate owns and how it is used",
            ));
            continue;
        };
        if readme
            .text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .count()
            < LEAST_LINES
        {
            findings.push(Finding::new(
                &path,
                0,
                "says too little: what does the crate own, and how is it used?",
            ));
        }
        if let Some(library) = tree.source(&format!("{}/src/lib.rs", manifest.folder))
            && !library.strings.contains("../README.md")
        {
            let message = "does not show its README: #![doc = include_str!(\"../README.md\")]";
            findings.push(Finding::new(&library.path, 0, message));
        }
    }
    for front in tree
        .markdown
        .iter()
        .filter(|text| text.path.starts_with("README"))
    {
        if front.text.lines().count() > FRONT_PAGE {
            findings.push(Finding::new(
                &front.path,
                0,
                format!("has more than {FRONT_PAGE} lines"),
            ));
        }
    }
}
