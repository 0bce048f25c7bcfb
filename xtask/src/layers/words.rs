//! Words that must not stand anywhere: switched-off lints, unfinished work, tests nobody runs.

use crate::{Findings, finding::Finding, source::words, tree::Tree};

/// In code.
const IN_CODE: [(&str, &str); 5] = [
    (
        "#[allow(",
        "write #[expect(lint, reason = \"…\")], which fails once it is no longer needed",
    ),
    (
        "#![allow(",
        "write #![expect(lint, reason = \"…\")], which fails once it is no longer needed",
    ),
    (
        "todo!",
        "finish it, or leave it out and say so in the README",
    ),
    (
        "unimplemented!",
        "finish it, or leave it out and say so in the README",
    ),
    ("#[ignore]", "say why: #[ignore = \"…\"]"),
];

/// In comments.
const IN_COMMENTS: [&str; 2] = ["TODO", "FIXME"];

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    for source in tree
        .rust
        .iter()
        .filter(|source| !source.path.starts_with("xtask/src/layers/"))
    {
        for (word, instead) in IN_CODE {
            for at in words(&source.code, word) {
                findings.push(Finding::new(
                    &source.path,
                    source.line(at),
                    format!("{word}: {instead}"),
                ));
            }
        }
        for word in IN_COMMENTS {
            for at in words(&source.comments, word) {
                findings.push(Finding::new(
                    &source.path,
                    source.line(at),
                    format!("{word}: unfinished work is an issue"),
                ));
            }
        }
    }
}
