//! The keyring, read again while the process runs: a key that is added or made current takes effect without a restart.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use anyhow::ensure;
use marque_config::{Config, VaultConfig};
use marque_db::Database;
use marque_rpc::{RoleName, Task};
use marque_vault::{Keyring, KeyringError, Vault};
use tokio_util::sync::CancellationToken;

use crate::sealing::note_keyring;

/// So many times the file is read before all are taken to have read it.
pub(crate) const READS_TO_SETTLE: u32 = 4;

/// The keyring of a configuration; `None` if its file does not exist.
///
/// # Errors
/// If it cannot be read or trusted.
pub(crate) fn keyring(config: &Config) -> Result<Option<Keyring>, KeyringError> {
    if let Some(text) = &config.vault.keyring {
        return Keyring::parse(text.expose()).map(Some);
    }
    let path = config.vault.file(&config.data_dir);
    path.exists().then(|| Keyring::open(&path)).transpose()
}

/// The work of following the keyring's file: a vault has the keys of `ring`, and stores note the key they are sealed under
/// before a vault seals by it. A keyring that is given inline does not change.
pub(crate) fn following(
    (vault, ring): (Vault, Keyring),
    stores: Vec<(RoleName, Database)>,
    config: &Config,
) -> Task {
    let follower = Follower {
        vault,
        known: ring,
        stores,
        settings: config.vault.clone(),
        data_dir: config.data_dir.clone(),
    };
    Task::new("keys", move |stop| follower.run(stop))
}

struct Follower {
    vault: Vault,
    /// The ring that was taken last.
    known: Keyring,
    stores: Vec<(RoleName, Database)>,
    settings: VaultConfig,
    data_dir: PathBuf,
}

impl Follower {
    async fn run(mut self, stop: CancellationToken) {
        if self.settings.keyring.is_some() {
            return;
        }
        let every = Duration::from_millis(self.settings.reload_ms);
        let mut failed = false;
        loop {
            match self.look().await {
                Ok(()) => failed = false,
                Err(error) if !failed => {
                    failed = true;
                    tracing::error!(
                        error = format!("{error:#}"),
                        "the keyring is not taken; the keys of the last reading stay"
                    );
                }
                Err(_) => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(every) => {}
            }
        }
    }

    /// Reads the file, and takes what has changed.
    async fn look(&mut self) -> anyhow::Result<()> {
        let (settings, folder) = (self.settings.clone(), self.data_dir.clone());
        let ring = tokio::task::spawn_blocking(move || read(&settings, &folder)).await??;
        ensure!(
            is_of_the_same(&self.known, &ring),
            "it has another key under a number that was in use, or another index key"
        );
        if self.vault.data_keys() != (ring.current_data_key(), ring.data_keys()) {
            note_keyring(&self.stores, &ring).await?;
            take(&self.vault, &ring);
        }
        self.known = ring;
        Ok(())
    }
}

/// Whether keys that both rings name are the same, and the index keys all are.
fn is_of_the_same(known: &Keyring, ring: &Keyring) -> bool {
    let (old, new) = (known.fingerprints(), ring.fingerprints());
    let index = |keys: &BTreeMap<String, String>| -> Vec<String> {
        let of_index = keys.iter().filter(|(name, _)| name.starts_with("index/"));
        of_index.map(|(_, print)| print.clone()).collect()
    };
    index(&old) == index(&new)
        && new
            .iter()
            .all(|(name, print)| old.get(name).is_none_or(|known| known == print))
}

/// The ring as it is in the file; a file that is gone is not made anew.
fn read(config: &VaultConfig, data_dir: &std::path::Path) -> Result<Keyring, KeyringError> {
    let named = VaultConfig {
        keyring_file: Some(config.file(data_dir)),
        ..config.clone()
    };
    Vault::ring_of(&named, data_dir)
}

fn take(vault: &Vault, ring: &Keyring) {
    vault.replace(ring);
    let current = format!("data/{}", ring.current_data_key());
    let fingerprint = ring.fingerprints().remove(&current).unwrap_or_default();
    tracing::info!(
        current,
        fingerprint,
        keys = ring.data_keys().len(),
        "the keyring has changed"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_is_taken_only_if_what_it_shares_with_the_last_one_is_the_same() {
        let first = Keyring::generate().unwrap();
        let mut added = first.clone();
        added.add_data_key().unwrap();
        assert!(is_of_the_same(&first, &first));
        assert!(is_of_the_same(&first, &added));
        let mut retired = added.clone();
        retired.use_data_key(2);
        retired.retire_data_key(1);
        assert!(is_of_the_same(&added, &retired));
        assert!(!is_of_the_same(&first, &Keyring::generate().unwrap()));
        let mut twice = first.clone();
        twice.add_data_key().unwrap();
        assert!(
            !is_of_the_same(&added, &twice),
            "another key under the number 2"
        );
    }
}
