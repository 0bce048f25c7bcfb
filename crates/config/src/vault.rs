//! Where the keys of personal data come from.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::Secret;

/// Keys of field encryption and blind indexes.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VaultConfig {
    /// The keyring file; `keys/vault.toml` in the data folder by default, made on the first start.
    pub keyring_file: Option<PathBuf>,
    /// The keyring itself, in the form of the file; for tests and secret managers that fill the environment.
    pub keyring: Option<Secret<String>>,
    /// How often the keyring file is read again, in milliseconds: within this time a process knows a key that was added. What
    /// is sealed under an old key is sealed anew once the file has not changed for four times as long.
    pub reload_ms: u64,
}

impl Default for VaultConfig {
    fn default() -> Self {
        Self {
            keyring_file: None,
            keyring: None,
            reload_ms: 5_000,
        }
    }
}

impl VaultConfig {
    /// The keyring file in use when no keyring is given inline.
    pub fn file(&self, data_dir: &Path) -> PathBuf {
        self.keyring_file
            .clone()
            .unwrap_or_else(|| data_dir.join("keys").join("vault.toml"))
    }
}
