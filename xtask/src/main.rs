#![doc = include_str!("../README.md")]

mod docs;
mod finding;
mod layers;
mod source;
mod tree;

use std::{path::Path, process::ExitCode};

use anyhow::{Context as _, Result, bail};

use crate::{finding::Finding, tree::Tree};

const USAGE: &str = "usage: cargo xtask check-layers | check-docs";

fn main() -> ExitCode {
    match run() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Runs the command of the command line; returns how many findings there were.
fn run() -> Result<usize> {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().context(USAGE)?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("xtask lies in the workspace")?;
    let tree = Tree::read(root)?;
    let mut findings = match command.as_str() {
        "check-layers" => layers::check(&tree)?,
        "check-docs" => docs::check(&tree)?,
        other => bail!("there is no command {other}; {USAGE}"),
    };
    findings.sort();
    findings.dedup();
    for finding in &findings {
        eprintln!("{finding}");
    }
    let files = tree.rust.len() + tree.manifests.len() + tree.markdown.len();
    eprintln!("{command}: {} findings in {files} files", findings.len());
    Ok(findings.len())
}

/// A finding, in the order in which they are printed.
type Findings = Vec<Finding>;
