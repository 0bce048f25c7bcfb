//! Metrics and labels that the manual and the guides tell people to watch are recorded somewhere. Those of alerts and dashboards
//! are `k8s/rules.py`'s to check.

use std::collections::HashSet;

use crate::{Findings, finding::Finding, tree::Tree};

/// Pages that name metrics.
const PAGES: [&str; 2] = ["docs/operations.md", "docs/guides/"];
/// Folders whose sources record them.
const SOURCES: [&str; 2] = ["crates/", "services/"];

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    let recorded: HashSet<&str> = tree
        .rust
        .iter()
        .filter(|source| is_in(&source.path, SOURCES))
        .flat_map(|source| names_in(source.shipped_strings()))
        .collect();
    for page in tree.markdown.iter().filter(|text| is_in(&text.path, PAGES)) {
        for (number, line) in page.text.lines().enumerate() {
            for name in metrics_in(line).filter(|name| !recorded.contains(name)) {
                let message = format!("no source has the metric or label {name}");
                findings.push(Finding::new(&page.path, number + 1, message));
            }
        }
    }
}

fn is_in(path: &str, places: [&str; 2]) -> bool {
    places.iter().any(|place| path.starts_with(place))
}

/// Names of metrics between backquotes and of their labels: `marque_event_lag{consumer,producer}`.
fn metrics_in(line: &str) -> impl Iterator<Item = &str> {
    let quoted = line.split('`').skip(1).step_by(2);
    quoted
        .filter(|text| {
            let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'_' | b'{' | b',' | b'}');
            text.starts_with("marque_") && text.bytes().all(is_plain)
        })
        .flat_map(names_in)
}

fn names_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(|each: char| !each.is_ascii_lowercase() && each != '_')
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_found_with_its_labels() {
        let line =
            "watch `marque_event_lag{consumer,producer}`, not `marque serve` or `limits.burst`";
        let found: Vec<&str> = metrics_in(line).collect();
        assert_eq!(found, ["marque_event_lag", "consumer", "producer"]);
    }
}
