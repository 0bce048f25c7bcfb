//! Backup and restore of everything a process keeps: its stores at one moment, the files of imports that wait, the sealed files
//! of complaints, and the signed heads of the audit chain. Keys are not part of it: whoever gets hold of a backup cannot read it.
//!
//! ADR 19 tells how copies of several stores come to fit together.

mod archive;
mod make;
mod manifest;
mod restore;
mod spool;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use marque_config::Config;

pub use make::{Made, make};
pub use restore::{Restored, restore};

use crate::keys::keyring;

/// The sealed files of complaints, under the data folder as in a backup. Such as lie in a bucket are the bucket's to keep.
const ATTACHMENTS: &str = "attachments";
/// Stands in a folder while a restore fills it.
const UNFINISHED: &str = "restore-unfinished";
/// Beside the keyring: which keys the restored data needs.
const NEEDED_KEYS: &str = "vault.needed.json";

/// Refuses a data folder that a restore left unfinished, or whose restored data the keyring at hand cannot open: a start
/// would make new stores or new keys and so hide what is missing.
///
/// # Errors
/// What is missing and what to do.
pub(crate) fn check_restored(config: &Config) -> anyhow::Result<()> {
    let data = &config.data_dir;
    anyhow::ensure!(
        !data.join(UNFINISHED).exists(),
        "a restore into {} was cut short: remove the folder and restore again",
        data.display()
    );
    let needed = config.keys_dir().join(NEEDED_KEYS);
    let text = match fs::read_to_string(&needed) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| needed.display().to_string()),
    };
    let needed: manifest::Keys =
        serde_json::from_str(&text).with_context(|| format!("{} is damaged", needed.display()))?;
    let ring = keyring(config)?.with_context(|| {
        format!(
            "{} was restored from a backup, and backups hold no keys: put the keyring it was made with at {}",
            data.display(),
            config.vault.file(data).display()
        )
    })?;
    manifest::refuse_other_keys(&needed, &ring)
}

/// What was restored does not need a key any more: everything has been sealed anew since.
///
/// # Errors
/// If the note of a restore cannot be read or written.
pub(crate) fn forget_needed_key(config: &Config, name: &str) -> anyhow::Result<()> {
    let path = config.keys_dir().join(NEEDED_KEYS);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    let mut needed: manifest::Keys = serde_json::from_str(&text)?;
    needed.remove(name);
    fs::write(&path, serde_json::to_string_pretty(&needed)?)?;
    Ok(())
}

/// A folder that is removed unless it is kept.
#[derive(Debug)]
struct Scratch(PathBuf);

impl Scratch {
    fn new(path: PathBuf) -> anyhow::Result<Self> {
        make_private(&path).with_context(|| format!("{} cannot be made", path.display()))?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Makes a folder that its owner alone can enter.
fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        fs::create_dir_all(parent)?;
    }
    builder.create(path)
}

/// Makes what was written into a folder durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    fs::File::open(path)?.sync_all()
}
