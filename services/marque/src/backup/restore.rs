//! Restoring a backup.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use marque_config::{Config, ServiceRole, secret_file};
use marque_core::Timestamp;
use marque_db::{Database, Settings, check_sqlite, fill_postgres, is_postgres_empty};
use marque_vault::{Keyring, Vault};

use super::{
    ATTACHMENTS, NEEDED_KEYS, Scratch, UNFINISHED,
    archive::Source,
    keyring, make_private,
    manifest::{Manifest, Service, refuse_other_keys},
    spool, sync_folder,
};
use crate::{roles, wiring::database_settings};

/// A backup that was restored.
#[derive(Debug)]
pub struct Restored {
    /// When it was made.
    pub made_at: String,
    /// Services in it.
    pub roles: Vec<String>,
    /// Files of imports that go on.
    pub imports: usize,
    /// Where the keyring has still to be put; `None` if it is there.
    pub keyring_missing: Option<PathBuf>,
}

/// One service, and where its store will be.
struct Target<'a> {
    role: ServiceRole,
    service: &'a Service,
    settings: Settings,
}

/// Restores a backup into an empty data folder, or empty schemas of PostgreSQL. Every file is checked before anything is
/// put in its place. `keys` names the keyring, if it is not where it belongs already.
///
/// Must not be called on a thread of an asynchronous runtime.
///
/// # Errors
/// If the backup is damaged or newer than this binary, the target is not empty, or the keyring is another.
pub fn restore(
    config: &Config,
    from: &Path,
    keys: Option<&Path>,
    now: Timestamp,
) -> anyhow::Result<Restored> {
    let mut source = Source::open(from)?;
    let manifest = source.manifest()?;
    let targets = targets(config, &manifest)?;
    refuse_filled(config, &targets)?;
    let ring = match keys {
        Some(path) => {
            Some(Keyring::open(path).with_context(|| format!("the keyring {}", path.display()))?)
        }
        None => keyring(config)?,
    };
    if let Some(ring) = &ring {
        refuse_other_keys(&manifest.keys, ring)?;
    }
    // One that lies in the named one's place already is what a start would read.
    if keys.is_some()
        && let Some(placed) = keyring(config)?
    {
        refuse_other_keys(&manifest.keys, &placed).with_context(|| {
            let place = config.vault.file(&config.data_dir);
            format!(
                "another keyring is in its place already, {}",
                place.display()
            )
        })?;
    }
    let spooled = spool_files(&manifest);
    ensure!(
        spooled.is_empty() || ring.is_some(),
        "the backup holds files of imports, sealed: name the keyring it was made with by --keys"
    );
    let data = &config.data_dir;
    fs::create_dir_all(data).with_context(|| format!("{} cannot be made", data.display()))?;
    let folder = Scratch::new(data.join(format!(".restore-{}", std::process::id())))?;
    for part in &manifest.files {
        source.extract(part, &part.inside(folder.path()))?;
    }
    check_stores(&targets, folder.path())?;

    fs::write(data.join(UNFINISHED), "")?;
    for target in &targets {
        target
            .fill(folder.path(), now)
            .with_context(|| format!("the store of {}", target.role))?;
    }
    if let Some(ring) = &ring {
        open_spool(&Vault::new(ring), &spooled, folder.path(), data)?;
    }
    for kept in [crate::audit::FOLDER, ATTACHMENTS] {
        let from = folder.path().join(kept);
        if from.is_dir() {
            fs::rename(from, data.join(kept))?;
        }
    }
    let keyring_missing = place_keys(config, &manifest, keys, ring.is_some())?;
    fs::remove_file(data.join(UNFINISHED))?;
    sync_folder(data)?;
    Ok(Restored {
        made_at: manifest.made_at.clone(),
        roles: manifest
            .services
            .iter()
            .map(|service| service.role.clone())
            .collect(),
        imports: spooled.len(),
        keyring_missing,
    })
}

fn targets<'a>(config: &Config, manifest: &'a Manifest) -> anyhow::Result<Vec<Target<'a>>> {
    let find = |service: &'a Service| {
        let role = service.known_role()?;
        let settings = database_settings(config, role);
        let is_from_sqlite = service.saved.tables.is_empty();
        match (&settings, is_from_sqlite) {
            (Settings::Sqlite { .. }, true) | (Settings::Postgres { .. }, false) => {}
            (Settings::Sqlite { .. }, false) => bail!(
                "the backup of {role} is one of PostgreSQL: name the database to fill by store.url in --config"
            ),
            (Settings::Postgres { .. }, true) => bail!(
                "the backup of {role} is one of SQLite: leave store.url out of the configuration and name a folder by --data"
            ),
        }
        Ok(Target {
            role,
            service,
            settings,
        })
    };
    manifest.services.iter().map(find).collect()
}

/// Nothing that is there is ever overwritten. Keys may be there already.
fn refuse_filled(config: &Config, targets: &[Target<'_>]) -> anyhow::Result<()> {
    let data = &config.data_dir;
    if data.is_dir() {
        for entry in fs::read_dir(data)? {
            let path = entry?.path();
            ensure!(
                path == config.keys_dir(),
                "{} is not empty, it holds {}: a restore fills an empty folder, name another by --data",
                data.display(),
                path.file_name().unwrap_or_default().display()
            );
        }
    }
    for target in targets {
        if let Settings::Postgres { url, schema, .. } = &target.settings {
            ensure!(
                is_postgres_empty(url, schema)?,
                "the schema {schema} of the database is not empty: a restore fills an empty one; drop it or name another database"
            );
        }
    }
    Ok(())
}

/// Damage inside a file of SQLite is found here; checksums only tell that it is the file that was copied.
fn check_stores(targets: &[Target<'_>], folder: &Path) -> anyhow::Result<()> {
    for target in targets {
        if matches!(target.settings, Settings::Sqlite { .. }) {
            for file in &target.service.saved.files {
                check_sqlite(&folder.join(file))
                    .with_context(|| format!("the store of {}", target.role))?;
            }
        }
    }
    Ok(())
}

impl Target<'_> {
    fn fill(&self, folder: &Path, now: Timestamp) -> anyhow::Result<()> {
        match &self.settings {
            Settings::Sqlite { path } => {
                let [file] = &self.service.saved.files[..] else {
                    bail!("the backup names no file for it");
                };
                Ok(fs::rename(folder.join(file), path)?)
            }
            Settings::Postgres { url, schema, .. } => {
                let migrator = roles::migrator(self.role).context("the role has no store")?;
                let versions = self.service.versions.clone();
                let db = Database::open(&self.settings)?;
                tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()?
                    .block_on(migrator.up_to(&db, now, versions))?;
                let keep = migrator.table();
                Ok(fill_postgres(
                    url,
                    schema,
                    folder,
                    &self.service.saved,
                    &keep,
                )?)
            }
        }
    }
}

/// Files of imports in the backup, under the names by which they were sealed.
fn spool_files(manifest: &Manifest) -> Vec<PathBuf> {
    let paths = manifest.files.iter().map(|part| Path::new(&part.path));
    paths
        .filter_map(|path| Some(path.strip_prefix("spool").ok()?.to_owned()))
        .collect()
}

fn open_spool(vault: &Vault, names: &[PathBuf], folder: &Path, data: &Path) -> anyhow::Result<()> {
    for name in names {
        let to = data.join("spool").join(name);
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        spool::open(vault, name, &folder.join("spool").join(name), &to)?;
    }
    Ok(())
}

/// Notes which keys the data needs, so that a start without them is refused; copies the keyring that was named.
fn place_keys(
    config: &Config,
    manifest: &Manifest,
    keys: Option<&Path>,
    has_ring: bool,
) -> anyhow::Result<Option<PathBuf>> {
    let folder = config.keys_dir();
    if !folder.is_dir() {
        make_private(&folder)?;
    }
    let needed = serde_json::to_string_pretty(&manifest.keys)?;
    fs::write(folder.join(NEEDED_KEYS), needed)?;
    let place = config.vault.file(&config.data_dir);
    if let Some(path) = keys
        && !place.exists()
    {
        secret_file::create_if_absent(&place, &secret_file::read(path)?)?;
    }
    sync_folder(&folder)?;
    Ok((!has_ring).then_some(place))
}
