//! The files of the workspace that checks look at.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use toml::Table;

use crate::source::Source;

/// Folders in which nobody writes by hand.
const SKIPPED: [&str; 4] = ["target", ".git", "data", "node_modules"];

/// A `Cargo.toml`.
pub(crate) struct Manifest {
    /// Folder from the root: `crates/db`.
    pub(crate) folder: String,
    /// Its content.
    pub(crate) table: Table,
}

/// A text file.
pub(crate) struct Text {
    /// Path from the root.
    pub(crate) path: String,
    /// Its content.
    pub(crate) text: String,
}

/// Everything read once.
pub(crate) struct Tree {
    pub(crate) root: PathBuf,
    pub(crate) rust: Vec<Source>,
    /// Manifests of the members.
    pub(crate) manifests: Vec<Manifest>,
    pub(crate) markdown: Vec<Text>,
    pub(crate) protos: Vec<Text>,
}

impl Tree {
    /// Reads the workspace.
    ///
    /// # Errors
    /// If a file cannot be read, or a manifest is no TOML.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let mut paths = Vec::new();
        walk(root, &mut paths)?;
        paths.sort();
        let mut tree = Self {
            root: root.to_owned(),
            rust: Vec::new(),
            manifests: Vec::new(),
            markdown: Vec::new(),
            protos: Vec::new(),
        };
        for path in paths {
            tree.add(&path)
                .with_context(|| path.display().to_string())?;
        }
        Ok(tree)
    }

    fn add(&mut self, path: &Path) -> Result<()> {
        let name = path
            .strip_prefix(&self.root)?
            .to_string_lossy()
            .into_owned();
        let extension = path
            .extension()
            .and_then(|extension| extension.to_str())
            .unwrap_or_default();
        match extension {
            "rs" => self
                .rust
                .push(Source::read(name, &fs::read_to_string(path)?)),
            "md" => self.markdown.push(Text {
                path: name,
                text: fs::read_to_string(path)?,
            }),
            "proto" => self.protos.push(Text {
                path: name,
                text: fs::read_to_string(path)?,
            }),
            "toml" if name.ends_with("/Cargo.toml") => {
                let folder = name.trim_end_matches("/Cargo.toml").to_owned();
                let table: Table = fs::read_to_string(path)?.parse()?;
                // A workspace of its own, such as `fuzz/`, is no member of this one.
                if !table.contains_key("workspace") {
                    self.manifests.push(Manifest { folder, table });
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A source by its path from the root.
    pub(crate) fn source(&self, path: &str) -> Option<&Source> {
        self.rust.iter().find(|source| source.path == path)
    }

    /// Whether there is such a file or folder.
    pub(crate) fn exists(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    /// Folders right below one, by name: the services.
    pub(crate) fn members<'a>(&'a self, parent: &'a str) -> impl Iterator<Item = &'a str> {
        self.manifests
            .iter()
            .filter_map(move |manifest| manifest.folder.strip_prefix(parent)?.strip_prefix('/'))
    }
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        let name = entry.file_name();
        // Only the data folder of a running system, at the root: crates keep tables in `data/`.
        let skipped = SKIPPED.iter().any(|skipped| name == *skipped)
            && (name != "data" || !folder.join("src").exists());
        if kind.is_dir() && !skipped {
            walk(&path, found)?;
        } else if kind.is_file() {
            found.push(path);
        }
    }
    Ok(())
}
