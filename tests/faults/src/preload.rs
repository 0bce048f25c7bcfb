//! What is put before a process's own calls of the system.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::ensure;

/// Builds a library of C to be preloaded.
pub(crate) fn build(folder: &Path, name: &str, source: &str) -> anyhow::Result<PathBuf> {
    let (file, library) = (
        folder.join(name).with_extension("c"),
        folder.join(name).with_extension("so"),
    );
    std::fs::write(&file, source)?;
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &file])
        .status()?;
    ensure!(built.success(), "cc does not build {name}.c");
    Ok(library)
}
