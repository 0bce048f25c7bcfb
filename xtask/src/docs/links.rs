//! Relative links lead to files.

use std::path::Path;

use crate::{Findings, finding::Finding, tree::Tree};

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    for text in &tree.markdown {
        let mut fenced = false;
        for (number, line) in text.text.lines().enumerate() {
            fenced ^= line.trim_start().starts_with("```");
            if fenced {
                continue;
            }
            for target in targets(line).filter(|target| is_relative(target)) {
                let folder = Path::new(&text.path).parent().unwrap_or(Path::new(""));
                let file = target.split(['#', '?']).next().unwrap_or_default();
                if !tree.exists(&folder.join(file).to_string_lossy()) {
                    findings.push(Finding::new(
                        &text.path,
                        number + 1,
                        format!("links to {target}, which is not there"),
                    ));
                }
            }
        }
    }
}

/// Targets of `[text](target)`; code in backquotes is none.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').step_by(2).flat_map(|prose| {
        prose
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
    })
}

/// Names of Rust items are links of rustdoc, not of files.
fn is_relative(target: &str) -> bool {
    !target.is_empty()
        && !target.contains("://")
        && !target.contains("::")
        && !target.starts_with(['#', '/', '<'])
        && !target.starts_with("mailto:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_told_from_code_and_from_the_web() {
        let line = "see [a](docs/a.md#b), `[x](y)`, [web](https://x.example/), [item](crate::Thing), [here](#below)";
        let found: Vec<&str> = targets(line).filter(|target| is_relative(target)).collect();
        assert_eq!(found, ["docs/a.md#b"]);
    }
}
