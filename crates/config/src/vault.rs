//! Where the keys of personal data come from.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::Secret;

/// Keys of field encryption and blind indexes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VaultConfig {
    /// The keyring file; `keys/vault.toml` in the data folder by default, made on the first start.
    pub keyring_file: Option<PathBuf>,
    /// The keyring itself, in the form of the file; for tests and secret managers that fill the environment.
    pub keyring: Option<Secret<String>>,
}

impl VaultConfig {
    /// The keyring file in use when no keyring is given inline.
    pub fn file(&self, data_dir: &Path) -> PathBuf {
        self.keyring_file
            .clone()
            .unwrap_or_else(|| data_dir.join("keys").join("vault.toml"))
    }
}
