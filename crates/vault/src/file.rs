//! The keyring's file.

use std::path::Path;

use marque_config::secret_file;

use crate::{Keyring, KeyringError};

impl Keyring {
    /// Reads a keyring file.
    ///
    /// # Errors
    /// The file is absent, damaged, or readable by others than its owner.
    pub fn open(path: &Path) -> Result<Self, KeyringError> {
        Self::parse(&secret_file::read(path)?)
    }

    /// Reads the file, or makes it with new keys if there is none; of two processes that start at once, one makes it.
    ///
    /// # Errors
    /// As [`Keyring::open`]; also when the file cannot be written.
    pub fn open_or_create(path: &Path) -> Result<Self, KeyringError> {
        if !path.exists() {
            secret_file::create_if_absent(path, Self::generate()?.to_text().expose())?;
        }
        Self::open(path)
    }

    /// Writes the ring in place of the file, after a rotation.
    ///
    /// # Errors
    /// The file cannot be written; the old one is then still whole.
    pub fn save(&self, path: &Path) -> Result<(), KeyringError> {
        Ok(secret_file::replace(path, self.to_text().expose())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_makes_a_ring_and_the_next_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/vault.toml");
        let made = Keyring::open_or_create(&path).unwrap();
        assert_eq!(
            made.data.by_number,
            Keyring::open_or_create(&path).unwrap().data.by_number
        );
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
