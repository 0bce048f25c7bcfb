//! The keyring, read again while the process runs: a key that is added or made current takes effect without a restart.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use marque_config::{Config, VaultConfig};
use marque_rpc::Task;
use marque_vault::{Keyring, KeyringError, Vault};
use tokio_util::sync::CancellationToken;

/// So many times the file is read before all are taken to have read it.
pub(crate) const READS_TO_SETTLE: u32 = 4;

/// The work of following the keyring's file. A keyring that is given inline does not change.
pub(crate) fn following(vault: Vault, config: &Config) -> Task {
    let (settings, data_dir) = (config.vault.clone(), config.data_dir.clone());
    Task::new("keys", move |stop| follow(vault, settings, data_dir, stop))
}

async fn follow(vault: Vault, settings: VaultConfig, data_dir: PathBuf, stop: CancellationToken) {
    if settings.keyring.is_some() {
        return;
    }
    let every = Duration::from_millis(settings.reload_ms);
    let (mut known, mut failed) = (None, false);
    loop {
        let (config, folder) = (settings.clone(), data_dir.clone());
        let read = tokio::task::spawn_blocking(move || read(&config, &folder)).await;
        match read {
            Ok(Ok(ring)) if is_of_the_same(known.as_ref(), &ring) => {
                failed = false;
                take(&vault, &ring);
                known = Some(ring);
            }
            Ok(Ok(_)) if !failed => {
                failed = true;
                tracing::error!(
                    "the keyring has another key under a number that was in use, or another index key: it is not taken"
                );
            }
            Ok(Err(error)) if !failed => {
                failed = true;
                tracing::error!(%error, "the keyring cannot be read again; the keys of the last reading stay");
            }
            _ => {}
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// Whether keys that both rings name are the same, and the index keys all are.
fn is_of_the_same(known: Option<&Keyring>, ring: &Keyring) -> bool {
    let Some(known) = known else { return true };
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
    if vault.data_keys() == (ring.current_data_key(), ring.data_keys()) {
        return;
    }
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
        assert!(is_of_the_same(None, &first));
        assert!(is_of_the_same(Some(&first), &added));
        let mut retired = added.clone();
        retired.use_data_key(2);
        retired.retire_data_key(1);
        assert!(is_of_the_same(Some(&added), &retired));
        assert!(!is_of_the_same(Some(&first), &Keyring::generate().unwrap()));
        let mut twice = first.clone();
        twice.add_data_key().unwrap();
        assert!(
            !is_of_the_same(Some(&added), &twice),
            "another key under the number 2"
        );
    }
}
