//! Files of secrets: made once, readable by their owner alone, never half written.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

/// A file of secrets cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// The file cannot be read or written.
    #[error("the file {path} cannot be read or written")]
    Io {
        /// Path of the file.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Others than the owner can read the file.
    #[error("the file {path} can be read by others: run `chmod 600 {path}`")]
    Exposed {
        /// Path of the file.
        path: String,
    },
}

/// Reads a secret.
///
/// # Errors
/// The file is absent, unreadable, or readable by others than its owner.
pub fn read(path: &Path) -> Result<Zeroizing<String>, SecretFileError> {
    refuse_exposed(path)?;
    fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|source| io_error(path, source))
}

/// Makes the file, for its owner alone, unless there is one; of two processes that start at once, one makes it.
///
/// # Errors
/// The file or its folder cannot be written.
pub fn create_if_absent(path: &Path, text: &str) -> Result<(), SecretFileError> {
    let make = || {
        let beside = write_beside(path, text)?;
        // A link, unlike a rename, never replaces what somebody else has just made.
        let linked = fs::hard_link(&beside, path);
        fs::remove_file(&beside)?;
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => File::open(folder_of(path))?.sync_all(),
        }
    };
    make().map_err(|source| io_error(path, source))
}

/// Puts a new secret in the place of the file in one step. Whoever could read the old one can read the new one.
///
/// # Errors
/// The file cannot be written, or not for the owner of the old one; the old one is then still whole.
pub fn replace(path: &Path, text: &str) -> Result<(), SecretFileError> {
    let put = || {
        let beside = write_beside(path, text)?;
        if let Err(error) = give_like(&beside, path) {
            fs::remove_file(&beside)?;
            return Err(error);
        }
        fs::rename(beside, path)?;
        File::open(folder_of(path))?.sync_all()
    };
    put().map_err(|source| io_error(path, source))
}

/// Gives a file the owner and the mode of another one, if that is there.
#[cfg(unix)]
fn give_like(file: &Path, other: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let other = match fs::metadata(other) {
        Ok(other) => other,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let own = fs::metadata(file)?;
    if (own.uid(), own.gid()) != (other.uid(), other.gid()) {
        chown(file, Some(other.uid()), Some(other.gid()))?;
    }
    fs::set_permissions(file, other.permissions())
}

#[cfg(not(unix))]
fn give_like(_: &Path, _: &Path) -> io::Result<()> {
    Ok(())
}

/// Writes a durable file next to where it belongs.
fn write_beside(path: &Path, text: &str) -> io::Result<PathBuf> {
    fs::create_dir_all(folder_of(path))?;
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let _ = fs::remove_file(&beside);
    let mut file = owner_only().open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(beside)
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
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
fn refuse_exposed(path: &Path) -> Result<(), SecretFileError> {
    use std::os::unix::fs::MetadataExt as _;
    let file = fs::metadata(path).map_err(|source| io_error(path, source))?;
    // A secret mounted by Kubernetes belongs to root, and its group is how a process that is not root reads it.
    let forbidden = if is_ours(file.uid()) { 0o077 } else { 0o037 };
    if file.mode() & forbidden == 0 {
        Ok(())
    } else {
        Err(SecretFileError::Exposed {
            path: path.display().to_string(),
        })
    }
}

/// Whether this is the user we run as; taken for granted where the system does not tell.
#[cfg(unix)]
fn is_ours(uid: u32) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").map_or(true, |ours| ours.uid() == uid)
}

#[cfg(not(unix))]
fn refuse_exposed(_path: &Path) -> Result<(), SecretFileError> {
    Ok(())
}

fn io_error(path: &Path, source: io::Error) -> SecretFileError {
    SecretFileError::Io {
        path: path.display().to_string(),
        source,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_first_to_make_the_file_wins_and_nobody_else_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/secret");
        create_if_absent(&path, "first").unwrap();
        create_if_absent(&path, "second").unwrap();
        assert_eq!(read(&path).unwrap().as_str(), "first");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        replace(&path, "third").unwrap();
        assert_eq!(read(&path).unwrap().as_str(), "third");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(
            fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1,
            "nothing is left beside it"
        );
    }

    #[test]
    fn a_file_others_can_read_is_refused_with_the_command_that_mends_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        create_if_absent(&path, "canary").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = read(&path).unwrap_err();
        assert!(error.to_string().contains("chmod 600"), "{error}");
        assert!(!format!("{error:?}").contains("canary"));
    }
}
