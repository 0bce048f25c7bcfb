//! SQL stands where stores are, and nowhere else.

use crate::{
    Findings,
    finding::Finding,
    source::{Source, words},
    tree::Tree,
};

/// Crates whose subject is a store.
const STORES: [&str; 6] = [
    "crates/db/",
    "crates/events/",
    "crates/ledger/",
    "crates/intake/",
    "crates/reseal/",
    "crates/testkit/",
];

/// A statement: a word that begins one, and a word that must follow it.
const STATEMENTS: [(&str, &str); 5] = [
    ("SELECT", " FROM "),
    ("INSERT INTO", " ("),
    ("UPDATE", " SET "),
    ("DELETE FROM", " "),
    ("CREATE TABLE", " "),
];

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    for source in tree.rust.iter().filter(|source| !is_store(&source.path)) {
        if let Some(at) = first_statement(source) {
            findings.push(Finding::new(
                &source.path,
                source.line(at),
                "holds SQL, which is for storage/ and crates/db alone",
            ));
        }
    }
}

fn is_store(path: &str) -> bool {
    let is_service_store = path.starts_with("services/") && path.contains("/src/storage");
    is_service_store
        || path.starts_with("xtask/")
        || STORES.iter().any(|store| path.starts_with(store))
}

fn first_statement(source: &Source) -> Option<usize> {
    let strings = source.shipped_strings();
    STATEMENTS.iter().find_map(|(begin, then)| {
        words(strings, begin).find(|at| {
            let rest: String = strings[at + begin.len()..].chars().take(2000).collect();
            rest.replace('\n', " ").contains(then)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds_sql(code: &str) -> bool {
        first_statement(&Source::read("services/x/src/app/mod.rs".to_owned(), code)).is_some()
    }

    #[test]
    fn sql_is_told_from_prose() {
        assert!(holds_sql("let q = \"SELECT a\n FROM b\";"));
        assert!(holds_sql("let q = \"DELETE FROM customers\";"));
        assert!(!holds_sql(
            "let q = \"select one of them\"; // SELECT a FROM b"
        ));
        assert!(!holds_sql("let q = \"PLEASE SELECT\";"));
    }
}
