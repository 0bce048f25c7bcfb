//! The commands that the front pages promise exist.

use std::{fs, path::Path};

use anyhow::Result;

use crate::{Findings, finding::Finding, tree::Tree};

/// Pages that tell people what to type.
const PAGES: [&str; 4] = [
    "README.md",
    "README.zh-CN.md",
    "CONTRIBUTING.md",
    "docs/guides/development.md",
];

pub(super) fn check(tree: &Tree, findings: &mut Findings) -> Result<()> {
    let recipes = fs::read_to_string(tree.root.join("justfile"))?;
    for text in tree
        .markdown
        .iter()
        .filter(|text| PAGES.contains(&text.path.as_str()))
    {
        let mut fenced = false;
        for (number, line) in text.text.lines().enumerate() {
            if line.starts_with("```") {
                fenced = !fenced;
            } else if fenced && let Some(problem) = problem(tree, &recipes, line) {
                findings.push(Finding::new(&text.path, number + 1, problem));
            }
        }
    }
    Ok(())
}

/// What is wrong with a line to type; `None` if nothing, or if it is no command of ours.
fn problem(tree: &Tree, recipes: &str, line: &str) -> Option<String> {
    let words: Vec<&str> = line
        .split_whitespace()
        .take_while(|word| *word != "#")
        .collect();
    let exists = |known: bool, what: String| {
        (!known).then(|| format!("`{line}`: there is no {what}", line = line.trim()))
    };
    match words.as_slice() {
        ["cargo", "run", rest @ ..] => {
            let command = rest.iter().skip_while(|word| **word != "--").nth(1)?;
            exists(has_command(tree, command), format!("command {command}"))
        }
        ["marque", command, ..] => exists(has_command(tree, command), format!("command {command}")),
        ["cargo", "xtask", command, ..] => exists(
            ["check-layers", "check-docs"].contains(command),
            format!("xtask {command}"),
        ),
        ["just", recipe, ..] => {
            let heads = recipes
                .lines()
                .filter_map(|line| line.split([':', ' ']).next());
            exists(
                heads.into_iter().any(|head| head == *recipe),
                format!("recipe {recipe} in the justfile"),
            )
        }
        ["cargo", rest @ ..] => {
            let package = rest
                .iter()
                .zip(rest.iter().skip(1))
                .find(|(flag, _)| **flag == "-p")
                .map(|(_, name)| *name)?;
            exists(has_package(tree, package), format!("package {package}"))
        }
        [script, ..] if script.starts_with("./") => exists(
            is_executable(&tree.root.join(script)),
            format!("executable {script}"),
        ),
        _ => None,
    }
}

fn has_command(tree: &Tree, command: &str) -> bool {
    let file = command.replace('-', "_");
    tree.exists(&format!("services/marque/src/commands/{file}.rs"))
        || tree.exists(&format!("services/marque/src/commands/{file}"))
}

fn has_package(tree: &Tree, package: &str) -> bool {
    let name = |manifest: &crate::tree::Manifest| {
        Some(
            manifest
                .table
                .get("package")?
                .get("name")?
                .as_str()?
                .to_owned(),
        )
    };
    tree.manifests
        .iter()
        .filter_map(name)
        .any(|name| name == package)
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}
