//! Every RPC says in the contract who may call it.
//!
//! `marque-api` does not build without (its table `ACCESS` is made from these options); here the answer comes at once and
//! names the line.

use crate::{Findings, finding::Finding, tree::Tree};

const OPTION: &str = "option (marque.options.v1.access)";

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    for proto in &tree.protos {
        for (line, name) in without_access(&proto.text) {
            findings.push(Finding::new(
                &proto.path,
                line,
                format!("rpc {name} does not say who may call it: {OPTION} = …"),
            ));
        }
    }
}

/// RPCs between whose name and the next one no access option stands.
fn without_access(text: &str) -> Vec<(usize, &str)> {
    let mut open: Option<(usize, &str)> = None;
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if let Some(rest) = line.strip_prefix("rpc ") {
            found.extend(open.take());
            open = Some((
                number + 1,
                rest.split('(').next().unwrap_or_default().trim(),
            ));
        }
        if line.contains(OPTION) {
            open = None;
        }
    }
    found.extend(open);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_rpc_without_access_is_named() {
        let text = "rpc A(X) returns (Y) {\n  option (marque.options.v1.access) = {roles: []};\n}\nrpc B(X) returns (Y);\n";
        assert_eq!(without_access(text), [(4, "B")]);
    }
}
