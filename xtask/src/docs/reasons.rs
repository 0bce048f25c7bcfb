//! Every reason that an error can give has a page in `docs/errors/`, and every page a reason.

use std::collections::BTreeMap;

use crate::{
    Findings,
    finding::Finding,
    source::{Source, words},
    tree::Tree,
};

const PAGES: &str = "docs/errors/";

/// Crates whose errors reach callers as they are.
const ON_THE_WIRE: [&str; 7] = [
    "crates/auth/",
    "crates/errors/",
    "crates/events/",
    "crates/intake/",
    "crates/ledger/",
    "crates/rpc/",
    "crates/tabular/",
];

/// Functions whose body names reasons, and calls whose first words do.
const FUNCTIONS: [&str; 2] = ["fn reason(", "fn default_reason("];
const CALLS: [&str; 2] = ["Failure::new(", "Failure::invalid("];

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    let mut reasons: BTreeMap<String, (&str, usize)> = BTreeMap::new();
    for source in tree
        .rust
        .iter()
        .filter(|source| is_on_the_wire(&source.path))
    {
        for (reason, line) in reasons_of(source) {
            reasons.entry(reason).or_insert((&source.path, line));
        }
    }
    let pages: Vec<&str> = tree
        .markdown
        .iter()
        .filter_map(|text| page_name(&text.path))
        .collect();
    for (reason, (path, line)) in &reasons {
        if !pages.contains(&reason.as_str()) {
            findings.push(Finding::new(
                path,
                *line,
                format!("the reason {reason} has no page {PAGES}{reason}.md"),
            ));
        }
    }
    for page in pages {
        if !reasons.contains_key(page) {
            findings.push(Finding::new(
                &format!("{PAGES}{page}.md"),
                0,
                "no error gives this reason",
            ));
        }
    }
}

fn is_on_the_wire(path: &str) -> bool {
    path.starts_with("services/") && !path.starts_with("services/marque/")
        || ON_THE_WIRE.iter().any(|folder| path.starts_with(folder))
}

fn page_name(path: &str) -> Option<&str> {
    path.strip_prefix(PAGES)?
        .strip_suffix(".md")
        .filter(|name| *name != "README")
}

fn reasons_of(source: &Source) -> Vec<(String, usize)> {
    let code = source.shipped();
    let mut found = Vec::new();
    let bodies = FUNCTIONS
        .iter()
        .flat_map(|start| words(code, start))
        .filter_map(|at| {
            let begin = at + code[at..].find('{')?;
            Some((begin, begin + block_length(&code[begin..], '{', '}')))
        });
    let calls = CALLS
        .iter()
        .flat_map(|call| words(code, call).map(move |at| at + call.len() - 1))
        .map(|at| (at, at + block_length(&code[at..], '(', ')')));
    for (begin, end) in bodies.chain(calls) {
        // Quotes are code and insides are strings: between two quotes stands one literal.
        let quotes: Vec<usize> = code[begin..end]
            .match_indices('"')
            .map(|(at, _)| begin + at)
            .collect();
        for pair in quotes.chunks_exact(2) {
            let text = &source.strings[pair[0] + 1..pair[1]];
            if is_reason(text) {
                found.push((text.to_owned(), source.line(pair[0])));
            }
        }
    }
    found
}

fn is_reason(text: &str) -> bool {
    text.len() > 3
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Length of a block from its opening bracket to the one that closes it.
fn block_length(code: &str, open: char, close: char) -> usize {
    let mut depth = 0;
    for (at, char) in code.char_indices() {
        if char == open {
            depth += 1;
        } else if char == close {
            depth -= 1;
            if depth == 0 {
                return at + 1;
            }
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_read_from_functions_and_calls_and_not_from_tests() {
        let source = Source::read(
            "services/x/src/error.rs".to_owned(),
            "impl E { fn reason(&self) -> &'static str { match self { A => \"NO_SUCH_A\", B => other() } } }\n\
             fn f() { Failure::invalid(\"QUERY_INVALID\", format!(\"say {x}\")); log(\"NOT_ONE\"); }\n\
             #[cfg(test)]\nmod tests { fn reason() { \"IN_A_TEST\" } }\n",
        );
        let found: Vec<String> = reasons_of(&source)
            .into_iter()
            .map(|(reason, _)| reason)
            .collect();
        assert_eq!(found, ["NO_SUCH_A", "QUERY_INVALID"]);
    }
}
