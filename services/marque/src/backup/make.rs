//! Making a backup.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use marque_config::{Config, ServiceRole};
use marque_core::Timestamp;
use marque_db::{Settings, View, cut};
use marque_vault::Vault;

use super::{
    ATTACHMENTS, Scratch, archive, keyring,
    manifest::{FORMAT, Manifest, Part, Service, fingerprints},
    spool, sync_folder,
};
use crate::{audit, roles, wiring::database_settings};

/// A backup that was made.
#[derive(Debug)]
pub struct Made {
    /// Services in it.
    pub roles: Vec<String>,
    /// Files of imports that waited.
    pub imports: usize,
    /// Bytes of its files.
    pub bytes: u64,
    /// How long writers were held up.
    pub still: Duration,
    /// How long it took.
    pub took: Duration,
}

/// What was noted while every store stood still.
struct Noted {
    spool: Vec<PathBuf>,
    /// Files of signed heads and how long each was.
    heads: Vec<(PathBuf, u64)>,
}

/// Makes a backup of the stores of a configuration, while they are being used.
///
/// `out` with an extension, such as `backup.zip`, becomes one file, without one a folder. Must not be called on a thread
/// of an asynchronous runtime.
///
/// # Errors
/// If there is nothing to back up, a store cannot be read, or `out` exists or cannot be written.
pub fn make(config: &Config, out: &Path, now: Timestamp) -> anyhow::Result<Made> {
    let began = Instant::now();
    refuse_taken(out)?;
    let stores = stores(config)?;
    let ring = keyring(config)?.with_context(|| {
        format!(
            "the keyring {} is not there: files of imports are sealed with it",
            config.vault.file(&config.data_dir).display()
        )
    })?;
    let partial = beside(out, "partial");
    let folder = Scratch::new(partial)?;
    let second = Scratch::new(
        config
            .data_dir
            .join(format!(".backup-{}", std::process::id())),
    )?;
    let settings: Vec<Settings> = stores
        .iter()
        .map(|(_, settings)| settings.clone())
        .collect();
    let cut = cut(&settings, || {
        Ok(Noted {
            spool: spool::hold(&config.data_dir.join("spool"), second.path())?,
            heads: head_files(&config.data_dir)?,
        })
    })
    .context("the stores could not be held still for a moment")?;
    let mut manifest = Manifest {
        format: FORMAT,
        marque: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: now.to_rfc3339(),
        keys: fingerprints(&ring),
        services: Vec::new(),
        files: Vec::new(),
    };
    for ((role, _), mut view) in stores.iter().zip(cut.views) {
        let service = save(*role, &mut view, folder.path())
            .with_context(|| format!("the store of {role}"))?;
        manifest.services.push(service);
    }
    manifest.refuse_misfit()?;
    let mut paths: Vec<PathBuf> = manifest
        .services
        .iter()
        .flat_map(|service| service.saved.files.clone())
        .collect();
    let vault = Vault::new(&ring);
    for name in &cut.noted.spool {
        let path = Path::new("spool").join(name);
        let to = in_folder(folder.path(), &path)?;
        spool::seal(&vault, name, &second.path().join(name), &to)
            .with_context(|| format!("the import file {}", name.display()))?;
        paths.push(path);
    }
    for (name, length) in &cut.noted.heads {
        let path = Path::new(audit::FOLDER).join(name);
        let from = config.data_dir.join(&path);
        copy_start(&from, *length, &in_folder(folder.path(), &path)?)?;
        paths.push(path);
    }
    paths.extend(copy_attachments(&config.data_dir, folder.path())?);
    // Files may have been sealed anew under a key that was added meanwhile.
    if let Some(ring) = keyring(config)? {
        manifest.keys.extend(fingerprints(&ring));
    }
    for path in &paths {
        manifest.files.push(Part::of(folder.path(), path)?);
    }
    manifest.write(folder.path())?;
    place(&folder, &manifest, out)?;
    Ok(Made {
        roles: manifest
            .services
            .iter()
            .map(|service| service.role.clone())
            .collect(),
        imports: cut.noted.spool.len(),
        bytes: manifest.files.iter().map(|part| part.bytes).sum(),
        still: cut.still,
        took: began.elapsed(),
    })
}

/// An empty folder may be filled; anything else stays as it is.
fn refuse_taken(out: &Path) -> anyhow::Result<()> {
    let is_empty_folder = out.is_dir() && fs::read_dir(out)?.next().is_none();
    ensure!(
        !out.exists() || is_empty_folder,
        "{} exists: name another place, a backup overwrites nothing",
        out.display()
    );
    Ok(())
}

/// The stores there are. A role that never ran here has none.
fn stores(config: &Config) -> anyhow::Result<Vec<(ServiceRole, Settings)>> {
    let found: Vec<_> = config
        .roles
        .iter()
        .filter(|role| roles::migrator(**role).is_some())
        .map(|role| (*role, database_settings(config, *role)))
        .filter(|(_, settings)| match settings {
            Settings::Sqlite { path } => path.exists(),
            Settings::Postgres { .. } => true,
        })
        .collect();
    ensure!(
        !found.is_empty(),
        "there is no store in {}: name the data folder by --data, or the databases by --config",
        config.data_dir.display()
    );
    Ok(found)
}

fn save(role: ServiceRole, view: &mut View, folder: &Path) -> anyhow::Result<Service> {
    let migrator = roles::migrator(role).context("the role has no store")?;
    let (versions, positions) =
        view.read(|conn| Ok((migrator.names(conn)?, marque_events::positions(conn)?)))?;
    Ok(Service {
        role: role.as_str().to_owned(),
        versions,
        head: positions.head,
        cursors: positions.cursors,
        saved: view.save(folder, &role.snake())?,
    })
}

/// Files of signed heads with their lengths now; they only grow.
fn head_files(data: &Path) -> io::Result<Vec<(PathBuf, u64)>> {
    let folder = data.join(audit::FOLDER);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    fs::read_dir(folder)?
        .map(|entry| {
            let entry = entry?;
            Ok((PathBuf::from(entry.file_name()), entry.metadata()?.len()))
        })
        .collect()
}

fn copy_start(from: &Path, length: u64, to: &Path) -> io::Result<()> {
    let mut out = File::create(to)?;
    io::copy(&mut File::open(from)?.take(length), &mut out)?;
    out.sync_all()
}

/// Copies the sealed files of complaints; their paths under the data folder. Their bytes lie there before a row names them,
/// so all that the stores name at the cut is here by now; what was erased since is missing as it should be.
fn copy_attachments(data: &Path, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let (mut copied, mut folders) = (Vec::new(), vec![PathBuf::from(ATTACHMENTS)]);
    while let Some(within) = folders.pop() {
        let Ok(entries) = fs::read_dir(data.join(&within)) else {
            continue;
        };
        for entry in entries {
            let entry = entry?;
            let path = within.join(entry.file_name());
            // A name with `#` is one that is still being written.
            if entry.file_name().to_string_lossy().contains('#') {
                continue;
            }
            if entry.file_type()?.is_dir() {
                folders.push(path);
                continue;
            }
            match fs::copy(data.join(&path), in_folder(folder, &path)?) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error).context("an attachment cannot be copied"),
                Ok(_) => {
                    File::open(folder.join(&path))?.sync_all()?;
                    copied.push(path);
                }
            }
        }
    }
    Ok(copied)
}

/// A path in a folder whose own folder is there.
fn in_folder(folder: &Path, path: &Path) -> io::Result<PathBuf> {
    let path = folder.join(path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    Ok(path)
}

/// Gives the backup its name, when it is whole and durable.
fn place(folder: &Scratch, manifest: &Manifest, out: &Path) -> anyhow::Result<()> {
    if out.extension().is_some() && !out.is_dir() {
        let packed = beside(out, "packing");
        let done = archive::pack(folder.path(), manifest, &packed)
            .and_then(|()| Ok(fs::rename(&packed, out)?));
        if done.is_err() {
            drop(fs::remove_file(&packed));
        }
        done?;
    } else {
        if out.is_dir() {
            fs::remove_dir(out)?;
        }
        sync_folder(folder.path())?;
        fs::rename(folder.path(), out)?;
    }
    Ok(sync_folder(out.parent().unwrap_or(Path::new("")))?)
}

/// A name beside another, for what is not yet whole.
fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.{what}", std::process::id()));
    path.with_file_name(name)
}
