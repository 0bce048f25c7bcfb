//! Key files: made once, readable by their owner alone, never half written.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

use zeroize::Zeroizing;

use crate::AuthSetupError;

/// Reads a secret file, making it with `make` if there is none. Of two processes that start at once, one makes it.
pub(crate) fn read_or_create(
    path: &Path,
    make: impl FnOnce() -> Result<Zeroizing<String>, AuthSetupError>,
) -> Result<Zeroizing<String>, AuthSetupError> {
    if !path.exists() {
        let text = make()?;
        create(path, &text).map_err(|source| file_error(path, source))?;
    }
    read_secret(path)
}

/// Reads a file that only its owner can read.
pub(crate) fn read_secret(path: &Path) -> Result<Zeroizing<String>, AuthSetupError> {
    refuse_exposed(path)?;
    fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|source| file_error(path, source))
}

/// Writes a public file in one step, replacing what was there.
pub(crate) fn write_public(path: &Path, text: &str) -> Result<(), AuthSetupError> {
    let beside = beside(path);
    fs::write(&beside, text)
        .and_then(|()| fs::rename(&beside, path))
        .map_err(|source| file_error(path, source))
}

pub(crate) fn file_error(path: &Path, source: io::Error) -> AuthSetupError {
    AuthSetupError::File {
        path: path.display().to_string(),
        source,
    }
}

/// Writes beside the file, makes it durable, then gives it its name unless somebody was first.
fn create(path: &Path, text: &str) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let beside = beside(path);
    let _ = fs::remove_file(&beside);
    let mut file = owner_only().open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => File::open(folder)?.sync_all(),
    }
}

fn beside(path: &Path) -> std::path::PathBuf {
    path.with_extension(format!("{}.new", std::process::id()))
}

#[cfg(unix)]
fn owner_only() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options
}

#[cfg(not(unix))]
fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    options
}

#[cfg(unix)]
fn refuse_exposed(path: &Path) -> Result<(), AuthSetupError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path)
        .map_err(|source| file_error(path, source))?
        .permissions()
        .mode();
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(AuthSetupError::Exposed {
            path: path.display().to_string(),
        })
    }
}

#[cfg(not(unix))]
fn refuse_exposed(_path: &Path) -> Result<(), AuthSetupError> {
    Ok(())
}
