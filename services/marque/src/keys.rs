//! The keyring, read again while the process runs: a key that is added or made current takes effect without a restart.

use std::{path::PathBuf, time::Duration};

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
    let every = Duration::from_millis(settings.reload_ms.max(1));
    let mut failed = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
        let (config, folder) = (settings.clone(), data_dir.clone());
        let read = tokio::task::spawn_blocking(move || read(&config, &folder)).await;
        match read {
            Ok(Ok(ring)) => {
                failed = false;
                take(&vault, &ring);
            }
            Ok(Err(error)) if !failed => {
                failed = true;
                tracing::error!(%error, "the keyring cannot be read again; the keys of the last reading stay");
            }
            _ => {}
        }
    }
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
    let (current, known) = vault.data_keys();
    if ring.current_data_key() == current && ring.data_keys() == known {
        return;
    }
    vault.replace(ring);
    tracing::info!(
        current = ring.current_data_key(),
        keys = ring.data_keys().len(),
        "the keyring has changed"
    );
}
