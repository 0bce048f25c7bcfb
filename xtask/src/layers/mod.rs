//! `check-layers`: who may know whom.

mod calls;
mod imports;
mod manifests;
mod sql;
mod words;

use anyhow::Result;

use crate::{Findings, tree::Tree};

/// Crates that know no database, no network, no clock and no randomness.
pub(crate) const PURE: [&str; 5] = ["quality", "linkage", "insight", "tabular", "sample"];

/// A driver or framework, and the only folders that may know it. (The kit of tests makes and drops schemas.)
pub(crate) const FENCED: [(&str, &[&str]); 3] = [
    ("rusqlite", &["crates/db"]),
    ("postgres", &["crates/db", "crates/testkit"]),
    ("axum", &["services/gateway"]),
];

/// All checks of layers.
pub(crate) fn check(tree: &Tree) -> Result<Findings> {
    let mut findings = Vec::new();
    imports::check(tree, &mut findings);
    sql::check(tree, &mut findings);
    manifests::check(tree, &mut findings);
    words::check(tree, &mut findings);
    calls::check(tree, &mut findings)?;
    Ok(findings)
}
