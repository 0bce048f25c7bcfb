//! The call graph: the table of ARCHITECTURE.md is what the code does, and has no circle.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};

use crate::{Findings, finding::Finding, source::words, tree::Tree};

/// How the table begins.
const HEADER: &str = "| service | calls | follows the events of |";
const DOCUMENT: &str = "ARCHITECTURE.md";

/// Whom a service calls and whose events it follows.
#[derive(Debug, Default, PartialEq, Eq, Clone)]
struct Links {
    calls: BTreeSet<String>,
    follows: BTreeSet<String>,
}

pub(super) fn check(tree: &Tree, findings: &mut Findings) -> Result<()> {
    let document = tree
        .markdown
        .iter()
        .find(|text| text.path == DOCUMENT)
        .context("there is no ARCHITECTURE.md")?;
    let table =
        read_table(&document.text).with_context(|| format!("{DOCUMENT} has no table {HEADER}"))?;
    for service in tree.members("services").filter(|name| *name != "marque") {
        let Some(actual) = read_service(tree, service) else {
            findings.push(Finding::new(
                &format!("services/{service}/src/lib.rs"),
                0,
                "has no `pub struct Deps` to be read",
            ));
            continue;
        };
        match table.get(service) {
            Some(stated) if *stated == actual => {}
            Some(stated) => findings.push(Finding::new(
                DOCUMENT,
                0,
                format!(
                    "the call graph says of {service} {}, its Deps say {}",
                    told(stated),
                    told(&actual)
                ),
            )),
            None => findings.push(Finding::new(
                DOCUMENT,
                0,
                format!("the call graph has no row for {service}"),
            )),
        }
    }
    if let Some(circle) = circle(&table) {
        findings.push(Finding::new(
            DOCUMENT,
            0,
            format!("the call graph has a circle through {circle}"),
        ));
    }
    Ok(())
}

fn told(links: &Links) -> String {
    let list = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
    format!(
        "[calls {}; follows {}]",
        list(&links.calls),
        list(&links.follows)
    )
}

fn read_table(text: &str) -> Option<BTreeMap<String, Links>> {
    let rows = text.lines().skip_while(|line| *line != HEADER);
    let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
    let mut table = BTreeMap::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [service, calls, follows] = cells.as_slice() else {
            continue;
        };
        let names = |cell: &str| {
            cell.split(", ")
                .filter(|name| *name != "—")
                .map(str::to_owned)
                .collect()
        };
        table.insert(
            (*service).to_owned(),
            Links {
                calls: names(calls),
                follows: names(follows),
            },
        );
    }
    (!table.is_empty()).then_some(table)
}

/// Fields of type `RpcTransport` are calls, `Arc<dyn Source>` events; both are named after the peer.
fn read_service(tree: &Tree, service: &str) -> Option<Links> {
    let source = tree.source(&format!("services/{service}/src/lib.rs"))?;
    let mut fields = struct_body(&source.code, "pub struct Deps")?.to_owned();
    if let Some(peers) = tree.source(&format!("services/{service}/src/peers.rs")) {
        fields.push_str(struct_body(&peers.code, "pub struct Peers")?);
    }
    let mut links = Links::default();
    for field in fields.split(',') {
        let Some((name, kind)) = field.split_once(": ") else {
            continue;
        };
        let name = name.trim().trim_start_matches("pub ").replace('_', "-");
        if kind.contains("RpcTransport") {
            links.calls.insert(name);
        } else if kind.contains("dyn Source") {
            links
                .follows
                .insert(name.trim_end_matches("-events").to_owned());
        }
    }
    Some(links)
}

fn struct_body<'a>(code: &'a str, declaration: &'a str) -> Option<&'a str> {
    let at = words(code, declaration).next()?;
    let body = code[at..].split_once('{')?.1;
    Some(body.split_once('}')?.0)
}

/// A service from which calls lead back to it.
fn circle(table: &BTreeMap<String, Links>) -> Option<&str> {
    table.keys().map(String::as_str).find(|start| {
        let mut seen = BTreeSet::new();
        let mut ahead: Vec<&str> = vec![*start];
        while let Some(service) = ahead.pop() {
            for next in table
                .get(service)
                .into_iter()
                .flat_map(|links| &links.calls)
            {
                if next == start {
                    return true;
                }
                if seen.insert(next.as_str()) {
                    ahead.push(next);
                }
            }
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_and_a_circle_found() {
        let text =
            format!("{HEADER}\n|---|---|---|\n| a | b | c |\n| b | c, d | — |\n\n| d | a | |\n");
        let mut table = read_table(&text).unwrap();
        assert_eq!(table.len(), 2);
        assert_eq!(table["b"].calls.len(), 2);
        assert!(table["b"].follows.is_empty());
        assert_eq!(circle(&table), None);
        table.insert(
            "d".to_owned(),
            Links {
                calls: ["a".to_owned()].into(),
                follows: BTreeSet::new(),
            },
        );
        assert_eq!(circle(&table), Some("a"));
    }

    #[test]
    fn the_body_of_a_struct_is_found() {
        assert_eq!(
            struct_body("pub struct Deps {\n a: X,\n}\n", "pub struct Deps"),
            Some("\n a: X,\n")
        );
        assert_eq!(struct_body("pub struct Other;", "pub struct Deps"), None);
    }
}
