//! Whether the keyring at hand is the one that the stores are sealed with. One that is lost, or is another, must not pass for
//! a first start: look-ups would find nobody, and what is written meanwhile could not be read once the right one is back.

use anyhow::{Context as _, ensure};
use marque_config::{Config, ServiceRole};
use marque_db::{Database, Settings};
use marque_reseal::{note_keys, noted_keys, opens_any};
use marque_rpc::RoleName;
use marque_vault::{Keyring, Vault};

use crate::{keys::keyring, roles, wiring::database_settings};

/// What to do about it.
const REMEDY: &str = "put back the keyring it was sealed with, which no backup of Marque holds; under another one nobody is found, \
    and what is written cannot be read together with what is there";

/// Refuses to make a keyring beside stores that are sealed. Changes nothing.
///
/// # Errors
/// Which store is sealed, and where its keyring belongs.
pub(crate) async fn refuse_lost_keyring(config: &Config) -> anyhow::Result<()> {
    if keyring(config).context("vault")?.is_some() {
        return Ok(());
    }
    for (role, settings) in stores(config) {
        let db = Database::open(&settings)?;
        let sealed = refuse_other_keyring(config, (role, &db), None).await;
        // Of two processes that start at once the other may have made it meanwhile, and sealed by it.
        if keyring(config).context("vault")?.is_some() {
            return Ok(());
        }
        sealed.with_context(|| format!("store of {role}"))?;
    }
    Ok(())
}

/// Refuses a keyring by which a store is not sealed, or that there is none if something is. Changes nothing.
///
/// # Errors
/// Which keys are missing, and where the keyring that has them belongs.
pub(crate) async fn refuse_other_keyring(
    config: &Config,
    (role, db): (ServiceRole, &Database),
    ring: Option<&Keyring>,
) -> anyhow::Result<()> {
    let noted = noted_keys(db).await?;
    let lacking = ring.map_or_else(
        || noted.keys().cloned().collect(),
        |ring| ring.lacks(&noted),
    );
    ensure!(
        lacking.is_empty(),
        "it is sealed under {}, and {}: {REMEDY}",
        lacking.join(" and "),
        found(config, ring)
    );
    if noted.is_empty() {
        ensure!(
            opens(role, db, ring).await?,
            "what it holds is sealed under other keys, and {}: {REMEDY}",
            found(config, ring)
        );
    }
    Ok(())
}

/// Notes in the stores by which keys they are sealed from now on.
///
/// # Errors
/// If a store is sealed under a key that the ring lacks, or cannot be written.
pub(crate) async fn note_keyring(
    stores: &[(RoleName, Database)],
    ring: &Keyring,
) -> anyhow::Result<()> {
    for (role, db) in stores {
        let noted = note_keys(db, ring)
            .await
            .with_context(|| format!("store of {role}"))?;
        let lacking = ring.lacks(&noted);
        ensure!(
            lacking.is_empty(),
            "the store of {role} is sealed under {}, and the keyring does not hold that: {REMEDY}",
            lacking.join(" and ")
        );
    }
    Ok(())
}

/// Whether a store has noted a key of that name.
///
/// # Errors
/// If a store cannot be asked.
pub(crate) async fn is_noted(config: &Config, name: &str) -> anyhow::Result<bool> {
    for (_, settings) in stores(config) {
        if noted_keys(&Database::open(&settings)?)
            .await?
            .contains_key(name)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Has all stores forget a key under which nothing is sealed any more.
///
/// # Errors
/// If a store cannot be written.
pub(crate) async fn forget_key(config: &Config, name: &str) -> anyhow::Result<()> {
    for (role, settings) in stores(config) {
        let db = Database::open(&settings)?;
        marque_reseal::forget_key(&db, name)
            .await
            .with_context(|| format!("store of {role}"))?;
    }
    Ok(())
}

/// The stores of a configuration that are there: on SQLite a file is made by the first start.
fn stores(config: &Config) -> Vec<(ServiceRole, Settings)> {
    let with_store = config
        .roles
        .iter()
        .filter(|role| roles::migrator(**role).is_some());
    with_store
        .map(|role| (*role, database_settings(config, *role)))
        .filter(|(_, settings)| match settings {
            Settings::Sqlite { path } => path.exists(),
            Settings::Postgres { .. } => true,
        })
        .collect()
}

/// Whether a ring opens what lies in a store that has noted no keys: one that is new, or from a release that noted none.
async fn opens(role: ServiceRole, db: &Database, ring: Option<&Keyring>) -> anyhow::Result<bool> {
    let probe = match ring {
        Some(ring) => Vault::probing(ring)?,
        None => Vault::probing(&Keyring::generate()?)?,
    };
    for column in roles::sealed(role) {
        if !opens_any(db, &probe, *column).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What there is of a keyring, and where.
fn found(config: &Config, ring: Option<&Keyring>) -> String {
    if config.vault.keyring.is_some() {
        return "the keyring given by vault.keyring does not hold that".to_owned();
    }
    let file = config.vault.file(&config.data_dir);
    match ring {
        Some(_) => format!("the keyring {} does not hold that", file.display()),
        None => format!("the keyring {} is missing", file.display()),
    }
}
