//! The keyring's file: made once, readable by its owner alone, never half written.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

use zeroize::Zeroizing;

use crate::{Keyring, KeyringError};

impl Keyring {
    /// Reads a keyring file.
    ///
    /// # Errors
    /// The file is absent, damaged, or readable by others than its owner.
    pub fn open(path: &Path) -> Result<Self, KeyringError> {
        refuse_exposed(path)?;
        let text =
            Zeroizing::new(fs::read_to_string(path).map_err(|source| file_error(path, source))?);
        Self::parse(&text)
    }

    /// Reads the file, or makes it with new keys if there is none; of two processes that start at once, one makes it.
    ///
    /// # Errors
    /// As [`Keyring::open`]; also when the file cannot be written.
    pub fn open_or_create(path: &Path) -> Result<Self, KeyringError> {
        if !path.exists() {
            let made = Self::generate()?;
            write_new(path, made.to_text().expose(), Found::Keep)
                .map_err(|source| file_error(path, source))?;
        }
        Self::open(path)
    }

    /// Writes the ring in place of the file, after a rotation.
    ///
    /// # Errors
    /// The file cannot be written; the old one is then still whole.
    pub fn save(&self, path: &Path) -> Result<(), KeyringError> {
        write_new(path, self.to_text().expose(), Found::Replace)
            .map_err(|source| file_error(path, source))
    }
}

/// What to do with a file that is there already.
#[derive(PartialEq)]
enum Found {
    Keep,
    Replace,
}

/// Writes beside the file, makes it durable, then gives it its name in one step.
fn write_new(path: &Path, text: &str, found: Found) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let _ = fs::remove_file(&beside);
    let mut file = owner_only().open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let named = match found {
        Found::Replace => fs::rename(&beside, path),
        Found::Keep => {
            let linked = fs::hard_link(&beside, path);
            fs::remove_file(&beside)?;
            linked.or_else(|error| {
                if error.kind() == io::ErrorKind::AlreadyExists {
                    Ok(())
                } else {
                    Err(error)
                }
            })
        }
    };
    named?;
    File::open(folder)?.sync_all()
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
fn refuse_exposed(path: &Path) -> Result<(), KeyringError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path)
        .map_err(|source| file_error(path, source))?
        .permissions()
        .mode();
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(KeyringError::Exposed {
            path: path.display().to_string(),
        })
    }
}

#[cfg(not(unix))]
fn refuse_exposed(_path: &Path) -> Result<(), KeyringError> {
    Ok(())
}

fn file_error(path: &Path, source: io::Error) -> KeyringError {
    KeyringError::File {
        path: path.display().to_string(),
        source,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_first_start_makes_a_file_for_its_owner_alone_and_the_second_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/vault.toml");
        let made = Keyring::open_or_create(&path).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let read = Keyring::open_or_create(&path).unwrap();
        assert_eq!(made.data.by_number, read.data.by_number);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_others_can_read_is_refused_with_the_command_that_mends_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.toml");
        Keyring::open_or_create(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = Keyring::open(&path).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_rotated_ring_replaces_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.toml");
        let mut ring = Keyring::open_or_create(&path).unwrap();
        ring.rotate_index_key().unwrap();
        ring.save(&path).unwrap();
        assert_eq!(Keyring::open(&path).unwrap().index.current, 2);
    }
}
