//! Every reason in the code has a page.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Rust sources under `src` folders of crates and services.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir()
            && !path.ends_with("tests")
            && !path.ends_with("benches")
            && !path.ends_with("examples")
        {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn is_reason(text: &str) -> bool {
    text.len() >= 3
        && text.starts_with(|letter: char| letter.is_ascii_uppercase())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// Literals in the arms of `fn reason` and `fn default_reason`, and those that failures are made with.
fn reasons_in(text: &str, found: &mut BTreeSet<String>) {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut rest = code;
    while let Some(at) = rest
        .find("fn reason(")
        .or_else(|| rest.find("fn default_reason("))
    {
        let body = &rest[at..];
        let end = body.find("\n    }\n").unwrap_or(body.len());
        found.extend(
            body[..end]
                .split('"')
                .skip(1)
                .step_by(2)
                .filter(|text| is_reason(text))
                .map(str::to_owned),
        );
        rest = &body[end..];
    }
    for maker in ["Failure::invalid(", "Failure::new(", "Problem::new("] {
        for made in code.split(maker).skip(1) {
            let reason = made.split('"').nth(1).filter(|text| is_reason(text));
            found.extend(reason.map(str::to_owned));
        }
    }
}

#[test]
fn every_reason_in_code_has_a_page_and_no_page_is_without_a_reason() {
    let mut files = Vec::new();
    for folder in ["crates", "services"] {
        sources(&workspace().join(folder), &mut files);
    }
    let mut reasons = BTreeSet::new();
    for file in files {
        reasons_in(&fs::read_to_string(file).unwrap(), &mut reasons);
    }
    assert!(
        reasons.len() > 30,
        "only {} reasons were found",
        reasons.len()
    );
    let pages: BTreeSet<String> = fs::read_dir(workspace().join("docs/errors"))
        .unwrap()
        .filter_map(|entry| {
            entry
                .unwrap()
                .file_name()
                .to_str()?
                .strip_suffix(".md")
                .map(str::to_owned)
        })
        .collect();
    let missing: Vec<_> = reasons.difference(&pages).collect();
    assert!(
        missing.is_empty(),
        "write docs/errors/<REASON>.md for {missing:?}"
    );
    let stale: Vec<_> = pages.difference(&reasons).collect();
    assert!(stale.is_empty(), "nothing answers with {stale:?} any more");
    for page in &pages {
        let text = fs::read_to_string(workspace().join(format!("docs/errors/{page}.md"))).unwrap();
        assert!(
            text.starts_with(&format!("# {page}\n")),
            "{page}.md must begin with its own name"
        );
        assert!(
            text.contains("\n## What to do\n"),
            "{page}.md must say what to do"
        );
    }
}
