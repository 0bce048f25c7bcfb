//! What documents and manifests say of settings is so.

#![expect(
    clippy::unwrap_used,
    reason = "the whole file is a test; clippy knows only the functions marked as such"
)]

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use marque_config::{Config, ConfigError, ServiceRole};
use serde_json::json;

/// Names of files that look like settings.
const FILES: [&str; 2] = ["tls.crt", "vault.toml"];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All files under a folder that end so, with what stands in them.
fn files_under(folder: &Path, ends: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_under(&path, ends));
        } else if ends.iter().any(|end| path.to_string_lossy().ends_with(end)) {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

/// What tells people of settings.
fn documents() -> Vec<(PathBuf, String)> {
    let docs = repository().join("docs");
    let folders = [
        docs.join("guides"),
        docs.join("errors"),
        repository().join("crates/config"),
    ];
    let mut found: Vec<_> = folders
        .iter()
        .flat_map(|folder| files_under(folder, &[".md"]))
        .collect();
    let manual = docs.join("operations.md");
    let text = fs::read_to_string(&manual).unwrap();
    found.push((manual, text));
    found
}

/// Whether there is a setting or a section of this dotted name; a value of the wrong kind is still one.
fn is_setting(name: &str) -> bool {
    let value = name
        .rsplit('.')
        .fold(json!([]), |inner, key| json!({key: inner}));
    let read = Config::load(None, value);
    !matches!(read, Err(ConfigError::UnknownKey { .. }))
}

/// What stands between backquotes and looks like a setting of one of our sections: `limits.burst`, `bus.replicas = 1`.
fn settings_in(line: &str) -> impl Iterator<Item = &str> {
    let quoted = line.split('`').skip(1).step_by(2);
    quoted
        .map(|text| text.split(" = ").next().unwrap_or_default())
        .filter(|text| {
            let is_dotted = text
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'_' | b'.'));
            let section = text.split_once('.').map(|(section, _)| section);
            is_dotted && section.is_some_and(is_setting) && !FILES.contains(text)
        })
}

#[test]
fn every_setting_that_a_document_names_exists() {
    let mut named = 0;
    for (path, text) in documents() {
        for name in text.lines().flat_map(settings_in) {
            assert!(is_setting(name), "{}: {name}", path.display());
            named += 1;
        }
    }
    assert!(named > 10, "{named}");
}

#[test]
fn every_configuration_that_a_document_shows_can_be_read() {
    let mut shown = 0;
    for (path, text) in documents() {
        let blocks = text.split("```toml\n").skip(1);
        for block in blocks.filter_map(|rest| rest.split("```").next()) {
            let header = block.lines().find_map(|line| line.strip_prefix('['));
            let section = header.and_then(|header| header.split([']', '.']).next());
            if !section.is_some_and(is_setting) {
                continue;
            }
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(block.as_bytes()).unwrap();
            // A role without a store reads no file of addresses.
            let read = Config::load(Some(file.path()), json!({"roles": "gateway"}));
            if let Err(error) = read {
                panic!("{}: {error}", path.display());
            }
            shown += 1;
        }
    }
    assert!(shown >= 4, "{shown}");
}

#[test]
fn the_configuration_of_the_manifests_works_for_every_role() {
    let manifest = repository().join("k8s/overlays/prod/marque.toml");
    let mut address = tempfile::NamedTempFile::new().unwrap();
    address
        .write_all(b"postgres://marque_service@database/marque_{role}")
        .unwrap();
    for role in ServiceRole::ALL {
        let settings = json!({
            "roles": role.as_str(),
            "store": {"url_file": address.path()},
        });
        let config = Config::load(Some(&manifest), settings).unwrap();
        assert_eq!(config.validate(), [], "{role}");
    }
}

#[test]
fn every_variable_that_is_set_somewhere_is_a_setting() {
    let root = repository();
    let image = root.join("Dockerfile");
    let mut files = vec![(image.clone(), fs::read_to_string(image).unwrap())];
    for (folder, ends) in [
        ("k8s", &[".yaml", ".toml", ".sh"][..]),
        ("docs", &[".md", ".sh"][..]),
    ] {
        files.extend(files_under(&root.join(folder), ends));
    }
    let mut set = 0;
    for (path, text) in files {
        for variable in text.split("MARQUE__").skip(1) {
            let end = variable.find(|each: char| !each.is_ascii_uppercase() && each != '_');
            let name = variable[..end.unwrap_or(variable.len())].to_lowercase();
            let name = name.replace("__", ".");
            assert!(is_setting(&name), "{}: {name}", path.display());
            set += 1;
        }
    }
    assert!(set > 3, "{set}");
}
