//! What `Cargo.toml` files may ask for.

use toml::{Table, Value};

use super::{FENCED, PURE};
use crate::{
    Findings,
    finding::Finding,
    tree::{Manifest, Tree},
};

/// What pure crates must not depend on, not even for tests.
const WORLDLY: [&str; 9] = [
    "tokio",
    "tonic",
    "axum",
    "hyper",
    "reqwest",
    "rusqlite",
    "postgres",
    "rand",
    "getrandom",
];

/// Crates that may know services: the binary that joins them, and tests of the whole.
const JOINERS: [&str; 3] = ["services/marque", "crates/testkit", "tests"];

/// The one crate of generated code, which nobody wrote and no lint reads.
const GENERATED: &str = "crates/api";

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    let services: Vec<String> = tree
        .members("services")
        .map(|name| format!("marque-{name}"))
        .collect();
    for manifest in &tree.manifests {
        let path = format!("{}/Cargo.toml", manifest.folder);
        let mut say = |message: String| findings.push(Finding::new(&path, 0, message));
        shared_settings(manifest, &mut say);
        for (section, name, value) in dependencies(&manifest.table) {
            if value.get("workspace").and_then(Value::as_bool) != Some(true) {
                say(format!(
                    "{name}: versions stand in the root's [workspace.dependencies] only; write {name}.workspace = true"
                ));
            }
            let is_shipped = section == "dependencies";
            let fence = FENCED
                .iter()
                .find(|(fenced, _)| *fenced == name && is_shipped);
            if let Some((_, places)) =
                fence.filter(|(_, places)| !places.contains(&manifest.folder.as_str()))
            {
                say(format!(
                    "depends on {name}, which only {} may",
                    places.join(" and ")
                ));
            }
            if is_shipped
                && services.iter().any(|service| service == name)
                && !JOINERS.contains(&manifest.folder.as_str())
            {
                say(format!(
                    "depends on {name}: services know each other by their contract in marque-api alone"
                ));
            }
            pure(manifest, section, name, &mut say);
        }
    }
}

fn shared_settings(manifest: &Manifest, say: &mut impl FnMut(String)) {
    let lints = manifest
        .table
        .get("lints")
        .and_then(|lints| lints.get("workspace"))
        .and_then(Value::as_bool);
    if lints != Some(true) && manifest.folder != GENERATED {
        say("takes no [lints] workspace = true".to_owned());
    }
}

fn pure(manifest: &Manifest, section: &str, name: &str, say: &mut impl FnMut(String)) {
    let Some(pure) = manifest
        .folder
        .strip_prefix("crates/")
        .filter(|name| PURE.contains(name))
    else {
        return;
    };
    let is_ours = name
        .strip_prefix("marque-")
        .is_some_and(|other| !PURE.contains(&other));
    if WORLDLY.contains(&name) || (is_ours && section != "dev-dependencies") {
        say(format!("{pure} is pure and must not depend on {name}"));
    }
}

/// Every dependency with the section it stands in.
fn dependencies(manifest: &Table) -> impl Iterator<Item = (&'static str, &str, &Value)> {
    ["dependencies", "dev-dependencies", "build-dependencies"]
        .into_iter()
        .flat_map(move |section| {
            let table = manifest.get(section).and_then(Value::as_table);
            table
                .into_iter()
                .flatten()
                .map(move |(name, value)| (section, name.as_str(), value))
        })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn findings_of(folder: &str, dependencies: &str) -> usize {
        let manifest = |folder: &str, text: &str| Manifest {
            folder: folder.to_owned(),
            table: format!("[lints]\nworkspace = true\n{text}")
                .parse()
                .unwrap(),
        };
        let others = ["services/customer", "services/vehicle"].map(|other| manifest(other, ""));
        let mut manifests = Vec::from(others);
        manifests.push(manifest(folder, dependencies));
        let tree = Tree {
            root: PathBuf::new(),
            rust: Vec::new(),
            manifests,
            markdown: Vec::new(),
            protos: Vec::new(),
        };
        let mut findings = Vec::new();
        check(&tree, &mut findings);
        findings.len()
    }

    #[test]
    fn services_do_not_depend_on_each_other() {
        let customer = "[dependencies]\nmarque-customer.workspace = true\n";
        assert_eq!(findings_of("services/gateway", customer), 1);
        assert_eq!(findings_of("services/marque", customer), 0);
    }

    #[test]
    fn pure_crates_stay_pure_and_drivers_fenced() {
        assert_eq!(
            findings_of("crates/linkage", "[dependencies]\ntokio.workspace = true\n"),
            1
        );
        assert_eq!(
            findings_of(
                "crates/linkage",
                "[dependencies]\nmarque-db.workspace = true\n"
            ),
            1
        );
        assert_eq!(
            findings_of(
                "crates/intake",
                "[dependencies]\nmarque-tabular.workspace = true\n"
            ),
            0
        );
        assert_eq!(
            findings_of(
                "crates/events",
                "[dependencies]\nrusqlite.workspace = true\n"
            ),
            1
        );
        assert_eq!(
            findings_of("crates/events", "[dependencies]\nserde = \"1\"\n"),
            1
        );
    }
}
