//! `marque keys`: data keys are exchanged while the system runs.

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use marque_complaint::FileStore;
use marque_config::{Config, ServiceRole};
use marque_db::{Database, Settings};
use marque_intake::survey_spool;
use marque_reseal::{Survey, survey};
use marque_vault::{Keyring, Vault};

use super::{say, settings::Flags};
use crate::{
    backup,
    keys::READS_TO_SETTLE,
    roles, sealing,
    wiring::{database_settings, spool_folder},
};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Lists the keys of the keyring file, without the keys
    List(List),
    /// Adds a data key, under which nothing is sealed yet
    ///
    /// Bring the file to every process before the key is used: one that does not have the key cannot read what others seal.
    Add(Flags),
    /// Makes a data key the current one; running servers seal everything anew under it
    Use(Numbered),
    /// Adds a data key, waits until the servers that share the file have read it, and makes it the current one
    Rotate(Flags),
    /// Removes a data key, if nothing is sealed under an old key any more
    Retire(Numbered),
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    flags: Flags,
    /// Also counts, in every store, what is sealed and what of it is under an old key.
    #[arg(long)]
    count: bool,
}

#[derive(Debug, clap::Args)]
struct Numbered {
    #[command(flatten)]
    flags: Flags,
    /// The key's number, as `marque keys list` tells it.
    number: u32,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    match args.command {
        Command::List(List { flags, count }) => list(&flags.load()?, count).await,
        Command::Add(flags) => add(&flags.load()?),
        Command::Use(Numbered { flags, number }) => use_key(&flags.load()?, number),
        Command::Rotate(flags) => rotate(&flags.load()?).await,
        Command::Retire(Numbered { flags, number }) => retire(&flags.load()?, number).await,
    }
}

async fn list(config: &Config, count: bool) -> anyhow::Result<()> {
    let (ring, path) = open(config)?;
    say(path.display())?;
    let current = format!("data/{}", ring.current_data_key());
    for (name, fingerprint) in ring.fingerprints() {
        let word = if name == current { " current" } else { "" };
        say(format_args!("  {name} {fingerprint}{word}"))?;
    }
    if count {
        count_all(config, &ring, false).await?;
    }
    Ok(())
}

fn add(config: &Config) -> anyhow::Result<()> {
    let (mut ring, path) = open(config)?;
    let number = ring.add_data_key()?;
    ring.save(&path)?;
    say(format_args!(
        "data/{number} is in {}. When every process has it: marque keys use {number}",
        path.display()
    ))
}

fn use_key(config: &Config, number: u32) -> anyhow::Result<()> {
    let (mut ring, path) = open(config)?;
    let old = ring.current_data_key();
    anyhow::ensure!(
        ring.use_data_key(number),
        "there is no data/{number} in {}: marque keys list tells what there is",
        path.display()
    );
    ring.save(&path)?;
    say(format_args!(
        "data/{number} is the current key. Running servers now seal everything anew; when marque keys list --count tells that \
         nothing is left: marque keys retire {old}"
    ))
}

async fn rotate(config: &Config) -> anyhow::Result<()> {
    let (mut ring, path) = open(config)?;
    let number = ring.add_data_key()?;
    ring.save(&path)?;
    let wait = Duration::from_millis(config.vault.reload_ms) * READS_TO_SETTLE;
    say(format_args!(
        "data/{number} is added; waiting {} s until servers have read it",
        wait.as_secs_f64()
    ))?;
    tokio::time::sleep(wait).await;
    use_key(config, number)
}

async fn retire(config: &Config, number: u32) -> anyhow::Result<()> {
    let (mut ring, path) = open(config)?;
    anyhow::ensure!(
        number != ring.current_data_key(),
        "data/{number} is the current key: make another one current first (marque keys rotate)"
    );
    let name = format!("data/{number}");
    // A release that noted no keys, or a retirement that was cut short, leaves the stores with a key that is gone from the ring.
    let is_on_ring = ring.data_keys().contains(&number);
    anyhow::ensure!(
        is_on_ring || sealing::is_noted(config, &name).await?,
        "there is no {name} in {}",
        path.display()
    );
    let all = ServiceRole::ALL.into_iter();
    let missing: Vec<&str> = all
        .filter(|role| roles::migrator(*role).is_some() && !config.plays(*role))
        .map(ServiceRole::as_str)
        .collect();
    anyhow::ensure!(
        missing.is_empty(),
        "the stores of {} would not be looked into: give a configuration that names all roles",
        missing.join(", ")
    );
    let found = count_all(config, &ring, true).await?;
    anyhow::ensure!(
        found.stale == 0,
        "{} values are still under an old key: leave the servers running until there are none",
        found.stale
    );
    anyhow::ensure!(
        found.unreadable == 0,
        "{} values are opened by no key on the ring: bring back the key that is missing before another one is retired",
        found.unreadable
    );
    let (now, _) = open(config)?;
    anyhow::ensure!(
        (now.fingerprints(), now.current_data_key())
            == (ring.fingerprints(), ring.current_data_key()),
        "{} was changed while stores were looked through: try again",
        path.display()
    );
    // First of all, for a server does not take a ring that lacks what a store is sealed under.
    sealing::forget_key(config, &name).await?;
    backup::forget_needed_key(config, &name)?;
    if !is_on_ring {
        return say(format_args!("no store needs {name} any more"));
    }
    let kept = path.with_extension(format!("before-retiring-{number}.toml"));
    ring.save(&kept)?;
    ring.retire_data_key(number);
    ring.save(&path)?;
    say(format_args!(
        "{name} is gone from {}. Backups made before now need it: move {} to where they lie",
        path.display(),
        kept.display()
    ))
}

/// The ring of the file that the servers read.
fn open(config: &Config) -> anyhow::Result<(Keyring, PathBuf)> {
    anyhow::ensure!(
        config.vault.keyring.is_none(),
        "the keyring is given inline (vault.keyring): change it where it comes from, or name a file by vault.keyring_file"
    );
    let path = config.vault.file(&config.data_dir);
    let ring = Keyring::open(&path).with_context(|| path.display().to_string())?;
    Ok((ring, path))
}

/// Tells what every store holds, column by column; answers the sum. With `strictly`, a store that is not there is an error.
async fn count_all(config: &Config, ring: &Keyring, strictly: bool) -> anyhow::Result<Survey> {
    let (vault, probe) = (Vault::new(ring), Vault::probing(ring)?);
    let mut all = Survey::default();
    for role in &config.roles {
        let settings = database_settings(config, *role);
        let is_there = match &settings {
            Settings::Sqlite { path } => path.exists(),
            Settings::Postgres { .. } => true,
        };
        if roles::migrator(*role).is_none() {
            continue;
        }
        if !is_there {
            anyhow::ensure!(
                !strictly,
                "the store of {role} is not in {}: name the folder by --data, or the databases by --config",
                config.data_dir.display()
            );
            continue;
        }
        let db = Database::open(&settings)?;
        for column in roles::sealed(*role) {
            let found = survey(&db, &vault, &probe, *column)
                .await
                .with_context(|| format!("{role}: {}", column.table))?;
            tell(*role, column.table, column.column, found)?;
            all.add(found);
        }
        if roles::takes_files(*role) {
            let found = survey_spool(&db, &spool_folder(config, *role), &vault)
                .await
                .with_context(|| format!("{role}: files that wait"))?;
            tell(*role, "spool", "files", found)?;
            all.add(found);
        }
        if *role == ServiceRole::Complaint {
            let files = FileStore::open(&config.complaint.attachments, &config.data_dir)?;
            let found = marque_complaint::survey_files(db, (vault.clone(), probe.clone()), files)
                .await
                .map_err(anyhow::Error::from_boxed)?;
            tell(*role, "attachments", "content", found)?;
            all.add(found);
        }
    }
    Ok(all)
}

fn tell(role: ServiceRole, table: &str, column: &str, found: Survey) -> anyhow::Result<()> {
    if found.values == 0 {
        return Ok(());
    }
    let Survey {
        values,
        stale,
        unreadable,
    } = found;
    let broken = match unreadable {
        0 => String::new(),
        count => format!(", {count} OPENED BY NO KEY"),
    };
    say(format_args!(
        "  {role} {table}.{column}: {values} values, {stale} under an old key{broken}"
    ))
}
