//! `marque doctor`.

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    time::Duration,
};

use marque_config::Config;
use marque_db::{Database, Migrator, Settings, StoreError};
use marque_vault::Vault;

use super::{say, settings::Flags};
use crate::{bus::connect_broker, roles, wiring::database_settings};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    flags: Flags,
    /// Makes a development CA and a certificate for each role in this folder.
    #[arg(long, value_name = "DIR")]
    make_ca: Option<PathBuf>,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    if let Some(dir) = &args.make_ca {
        marque_rpc::make_dev_ca(dir)?;
        return say(format_args!(
            "a development CA and certificates are in {}",
            dir.display()
        ));
    }
    let config = args.flags.load()?;
    let mut problems: Vec<String> = config
        .validate()
        .into_iter()
        .map(|problem| format!("{}: {}", problem.key, problem.advice))
        .collect();
    problems.extend(check_files(&config));
    let is_running = is_running(&config).await;
    if !is_running {
        problems.extend(check_addresses(&config));
    }
    problems.extend(check_stores(&config, is_running).await);
    problems.extend(check_bus(&config).await);
    if problems.is_empty() {
        return say(if is_running {
            "all is well, and marque is running"
        } else {
            "all is well"
        });
    }
    for problem in &problems {
        say(format_args!("- {problem}"))?;
    }
    anyhow::bail!(
        "{} found",
        if problems.len() == 1 {
            "one problem".into()
        } else {
            format!("{} problems", problems.len())
        }
    )
}

/// Looks at the folder and the keys. What is not there yet `serve` makes: who only asks makes no keys.
fn check_files(config: &Config) -> Option<String> {
    let folder = config.data_dir.ancestors().find(|folder| folder.exists());
    if let Some(file) = folder.filter(|folder| !folder.is_dir()) {
        return Some(format!(
            "data_dir: {} cannot be made: {} is a file",
            config.data_dir.display(),
            file.display()
        ));
    }
    let vault = &config.vault;
    let is_told = vault.keyring.is_some() || vault.keyring_file.is_some();
    if !is_told && !vault.file(&config.data_dir).exists() {
        return None;
    }
    let error = Vault::from_config(vault, &config.data_dir).err()?;
    Some(format!("vault: {error}"))
}

/// Whether a marque of this configuration runs already: then its addresses are taken by itself. It is asked at both, since the one of
/// operators may be any that was free.
async fn is_running(config: &Config) -> bool {
    is_alive(config.admin_listen).await || is_alive(config.listen).await
}

async fn is_alive(address: SocketAddr) -> bool {
    let alive = format!("http://{address}/livez");
    let answer = reqwest::Client::new()
        .get(alive)
        .timeout(Duration::from_secs(2))
        .send()
        .await;
    match answer {
        Ok(answer) => answer.text().await.is_ok_and(|text| text.contains("alive")),
        Err(_) => false,
    }
}

fn check_addresses(config: &Config) -> Vec<String> {
    let addresses = [
        ("listen", config.listen),
        ("admin_listen", config.admin_listen),
    ];
    addresses
        .into_iter()
        .filter_map(|(key, address)| {
            let error = TcpListener::bind(address).err()?;
            Some(format!("{key}: {address} cannot be used ({error}): stop what listens there or choose another"))
        })
        .collect()
}

async fn check_bus(config: &Config) -> Option<String> {
    let checked = async {
        match connect_broker(&config.bus).await? {
            Some(broker) => Ok(broker.check().await?),
            None => Ok::<_, anyhow::Error>(()),
        }
    };
    let error = checked.await.err()?;
    Some(format!("bus: {error:#}"))
}

async fn check_stores(config: &Config, is_running: bool) -> Vec<String> {
    let mut problems = Vec::new();
    for role in &config.roles {
        let Some(migrator) = roles::migrator(*role) else {
            continue;
        };
        match check_store(&database_settings(config, *role), migrator, is_running).await {
            Ok(None) => {}
            Ok(Some(problem)) => problems.push(format!("store of {role}: {problem}")),
            Err(error) => problems.push(format!("store of {role}: {error}")),
        }
    }
    problems
}

/// What is wrong with a store that can be reached.
async fn check_store(
    settings: &Settings,
    migrator: Migrator,
    is_running: bool,
) -> Result<Option<String>, StoreError> {
    if let Settings::Sqlite { path } = settings {
        // `serve` makes a file and brings it up by itself; one that is open belongs to it alone.
        if is_running || !path.exists() {
            return Ok(None);
        }
        Database::open(settings)?;
        return Ok(None);
    }
    let db = Database::open(settings)?;
    if !migrator.is_current(&db).await? {
        return Ok(Some("the schema is older: run `marque migrate`".to_owned()));
    }
    db.wall_problem().await
}
