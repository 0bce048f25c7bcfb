//! `check-docs`: what is written down is there, and what must be written down is written.

mod commands;
mod links;
mod metrics;
mod readmes;
mod reasons;
mod rpcs;

use anyhow::Result;

use crate::{Findings, tree::Tree};

/// All checks of documents.
pub(crate) fn check(tree: &Tree) -> Result<Findings> {
    let mut findings = Vec::new();
    links::check(tree, &mut findings);
    readmes::check(tree, &mut findings);
    reasons::check(tree, &mut findings);
    rpcs::check(tree, &mut findings);
    metrics::check(tree, &mut findings);
    commands::check(tree, &mut findings)?;
    Ok(findings)
}
