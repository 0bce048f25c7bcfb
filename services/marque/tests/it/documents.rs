//! What documents and manifests have people and containers run is there, with its options; and the image can be built.

use std::{collections::HashSet, fs, path::Path, process::Command};

/// Pages that name commands.
const PAGES: [&str; 4] = [
    "README.md",
    "README.zh-CN.md",
    "docs/operations.md",
    "docs/guides",
];
/// Files that say what a container runs.
const MANIFESTS: [&str; 4] = [
    "Dockerfile",
    "k8s/base/role/deployment.yaml",
    "k8s/overlays/prod/migrate.yaml",
    "k8s/overlays/dev/marque.yaml",
];

/// What stands in a file of the repository, or in all files of a folder.
fn read(place: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(place);
    if !path.is_dir() {
        return fs::read_to_string(path).unwrap();
    }
    let files = fs::read_dir(path).unwrap();
    let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    texts.collect::<Vec<_>>().join("\n")
}

/// Our commands in a page, without our name: lines to type, and what stands between backquotes.
fn commands_of_page(page: &str) -> Vec<String> {
    let mut is_fenced = false;
    let mut told = Vec::new();
    for line in page.lines() {
        if line.starts_with("```") {
            is_fenced = !is_fenced;
        } else if is_fenced {
            told.push(line);
        } else {
            told.extend(line.split('`').skip(1).step_by(2));
        }
    }
    let ours = told
        .into_iter()
        .filter_map(|text| text.trim().strip_prefix("marque "));
    ours.map(|text| text.split(" #").next().unwrap_or_default().to_owned())
        .collect()
}

/// What a manifest runs: `args: [serve, --config, …]` or `CMD ["serve", …]`.
fn commands_of_manifest(manifest: &str) -> Vec<String> {
    let lists = manifest.lines().map(str::trim).filter_map(|line| {
        line.strip_prefix("args: [")
            .or_else(|| line.strip_prefix("CMD ["))
    });
    lists
        .map(|list| list.trim_end_matches(']').replace([',', '"'], " "))
        .collect()
}

/// What of a command there is not.
fn missing(command: &str) -> Option<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let is_name = |word: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        !word.starts_with('-') && word.bytes().all(plain)
    };
    let names = words.iter().take_while(|word| is_name(word));
    let help = Command::new(env!("CARGO_BIN_EXE_marque"))
        .args(names)
        .arg("--help")
        .output()
        .unwrap();
    if !help.status.success() {
        return Some("the command".to_owned());
    }
    let help = String::from_utf8(help.stdout).unwrap();
    let known: HashSet<&str> = help
        .split(|each: char| !each.is_ascii_lowercase() && each != '-')
        .collect();
    let mut options = words.iter().filter(|word| word.starts_with("--"));
    options
        .find(|option| !known.contains(**option))
        .map(|option| (*option).to_owned())
}

#[test]
fn commands_that_documents_and_manifests_name_exist() {
    let told = PAGES.map(|page| commands_of_page(&read(page))).concat();
    let run = MANIFESTS
        .map(|manifest| commands_of_manifest(&read(manifest)))
        .concat();
    assert!(told.len() > 20, "{told:?}");
    assert_eq!(run.len(), MANIFESTS.len(), "{run:?}");
    for command in told.iter().chain(&run) {
        let missing = missing(command);
        assert_eq!(missing, None, "marque {command}");
    }
}

/// Whether the build of the image sees a path: the last rule for where it begins decides.
fn is_in_image(path: &str) -> bool {
    let ignored = read(".dockerignore");
    let mut rules = ignored.lines().filter(|rule| !rule.is_empty());
    rules
        .rfind(|rule| Path::new(path).starts_with(rule.trim_start_matches('!')))
        .is_none_or(|rule| rule.starts_with('!'))
}

#[test]
fn what_build_scripts_read_is_in_the_image() {
    assert!(!is_in_image("docs/operations.md"));
    for script in ["crates/api/build.rs", "services/gateway/build.rs"] {
        let text = read(script);
        let folders = text.split("\"../../").skip(1);
        let folders: Vec<&str> = folders.filter_map(|rest| rest.split('"').next()).collect();
        assert!(!folders.is_empty(), "{script}");
        for folder in folders {
            assert!(is_in_image(folder), "{script} reads {folder}");
        }
    }
}
