//! `marque doctor`.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    time::Duration,
};

use marque_auth::{Issuer, PeerTokens, Verifier};
use marque_complaint::Rules;
use marque_config::{Config, IssuerConfig, ServiceRole};
use marque_core::{Clock as _, SystemClock};
use marque_customer::Survivorship;
use marque_db::{Database, Migrator, Settings};
use marque_ledger::HeadSigner;
use marque_vault::{Keyring, KeyringError, Vault};

use super::{say, settings::Flags};
use crate::{
    audit, backup,
    bus::connect_broker,
    keys::keyring,
    roles, sealing,
    wiring::{database_settings, rpc_name, tls_files},
};

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
    problems.extend(check_rules(&config));
    let is_running = is_running(&config).await;
    if !is_running {
        problems.extend(check_addresses(&config));
    }
    problems.extend(check_stores(&config).await);
    problems.extend(check_bus(&config).await);
    problems.extend(check_issuer_answers(&config).await);
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
fn check_files(config: &Config) -> Vec<String> {
    if let Some(problem) = check_folder(&config.data_dir) {
        return vec![problem];
    }
    let checks = [
        ("data_dir", backup::check_restored(config)),
        ("vault", check_keyring(config)),
        ("tls", check_certificates(config)),
        ("auth.peer_secret_file", check_peer_secret(config)),
        ("auth", check_issuer(config)),
        ("audit", check_audit_key(config)),
    ];
    failures(checks)
}

/// What failed, by the key that it follows from.
fn failures<const N: usize>(checks: [(&str, anyhow::Result<()>); N]) -> Vec<String> {
    let found = checks
        .into_iter()
        .filter_map(|(key, checked)| Some(format!("{key}: {:#}", checked.err()?)));
    found.collect()
}

/// Whether the data can lie there: its folder, or the nearest above it that exists, is a folder that can be written to.
fn check_folder(data: &Path) -> Option<String> {
    // Of `data` alone the last ancestor is the empty path: the folder in which the command runs.
    let exists = |folder: &&Path| folder.as_os_str().is_empty() || folder.exists();
    let folder = data.ancestors().find(exists)?;
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let reason = if folder.is_dir() {
        let probe = folder.join(format!(".marque-doctor-{}", std::process::id()));
        let written = fs::create_dir(&probe).and_then(|()| fs::remove_dir(&probe));
        format!(
            "{} cannot be written to: {}",
            folder.display(),
            written.err()?
        )
    } else {
        format!("{} is a file", folder.display())
    };
    Some(format!(
        "data_dir: {} cannot be used: {reason}",
        data.display()
    ))
}

/// Reads what roles read of the configuration at their start, as they read it.
fn check_rules(config: &Config) -> Vec<String> {
    let customer = &config.customer;
    let survivorship = Survivorship::read(&customer.survivorship, &customer.trust);
    failures([
        (
            "telemetry.log",
            marque_telemetry::check_filter(&config.telemetry.log).map_err(Into::into),
        ),
        ("customer", survivorship.map(drop).map_err(Into::into)),
        (
            "complaint",
            Rules::read(&config.complaint).map(drop).map_err(Into::into),
        ),
    ])
}

// The files are read as `serve` reads them. Keys that are not there are left to it: what looks for faults makes none.

fn check_keyring(config: &Config) -> anyhow::Result<()> {
    let vault = &config.vault;
    let is_named = vault.keyring.is_some() || vault.keyring_file.is_some();
    if is_named || vault.file(&config.data_dir).exists() {
        Vault::ring_of(vault, &config.data_dir)?;
    }
    Ok(())
}

/// Also as peers will look at the certificate.
fn check_certificates(config: &Config) -> anyhow::Result<()> {
    let Some(files) = tls_files(config) else {
        return Ok(());
    };
    files.read()?;
    let roles = config.roles.iter().map(|role| rpc_name(*role));
    Ok(files.check(roles, SystemClock.now())?)
}

fn check_peer_secret(config: &Config) -> anyhow::Result<()> {
    let keys = config.keys_dir();
    if config.auth.peer_secret_file.is_some() || PeerTokens::made_file(&keys).exists() {
        PeerTokens::from_config(&config.auth, &keys, "marque")?;
    }
    Ok(())
}

fn check_issuer(config: &Config) -> anyhow::Result<()> {
    let (auth, keys) = (&config.auth, config.keys_dir());
    let makes_a_key = auth.issuer == IssuerConfig::Embedded && auth.issuer_keys_file.is_none();
    if !makes_a_key || Issuer::key_file(&keys).exists() {
        Verifier::from_config(auth, &keys, &PeerTokens::ephemeral("marque")?)?;
    }
    Ok(())
}

/// Whether the keys of an issuer outside can be read: without them every token is refused.
async fn check_issuer_answers(config: &Config) -> Option<String> {
    let (auth, keys) = (&config.auth, config.keys_dir());
    if auth.issuer == IssuerConfig::Embedded {
        return None;
    }
    let peers = PeerTokens::ephemeral("marque").ok()?;
    let verifier = Verifier::from_config(auth, &keys, &peers).ok()?;
    let error = anyhow::Error::from(verifier.check_issuers().await.err()?);
    Some(format!("auth.issuer: {error:#}"))
}

fn check_audit_key(config: &Config) -> anyhow::Result<()> {
    let key = audit::key_file(config);
    if key.exists() {
        HeadSigner::open(&key)?;
    }
    Ok(())
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

async fn check_stores(config: &Config) -> Vec<String> {
    let ring = keyring(config);
    let mut problems = Vec::new();
    for role in &config.roles {
        let Some(migrator) = roles::migrator(*role) else {
            continue;
        };
        // Of an address that is none it was told already.
        if !config.store.target(*role, &config.data_dir).is_of_a_kind() {
            continue;
        }
        match check_store(config, (*role, migrator), &ring).await {
            Ok(None) => {}
            Ok(Some(problem)) => problems.push(format!("store of {role}: {problem}")),
            Err(error) => problems.push(format!("store of {role}: {error:#}")),
        }
    }
    problems
}

/// What is wrong with a store that can be reached. Of a keyring that cannot be read it was told already.
async fn check_store(
    config: &Config,
    (role, migrator): (ServiceRole, Migrator),
    ring: &Result<Option<Keyring>, KeyringError>,
) -> anyhow::Result<Option<String>> {
    let settings = database_settings(config, role);
    // `serve` makes a file and brings it up by itself.
    if matches!(&settings, Settings::Sqlite { path } if !path.exists()) {
        return Ok(None);
    }
    let db = Database::open(&settings)?;
    if matches!(settings, Settings::Postgres { .. }) && !migrator.is_current(&db).await? {
        return Ok(Some(
            "the schema is missing or older: run `marque migrate`".to_owned(),
        ));
    }
    if let Ok(ring) = ring {
        sealing::refuse_other_keyring(config, (role, &db), ring.as_ref()).await?;
    }
    Ok(db.wall_problem().await?)
}
