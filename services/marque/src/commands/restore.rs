//! `marque restore`.

use std::path::PathBuf;

use anyhow::Context as _;
use marque_config::ServiceRole;
use marque_core::{Clock as _, SystemClock};

use super::{say, settings::Flags};
use crate::{backup, bus::forget_streams};

/// Fills an empty data folder, or empty schemas of PostgreSQL, from a backup
///
/// Every file is checked before anything is put in its place.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The backup: what `marque backup --out` wrote
    #[arg(value_name = "FILE|DIR", required_unless_present = "from")]
    backup: Option<PathBuf>,
    /// The backup, for those who like names
    #[arg(long, value_name = "FILE|DIR", conflicts_with = "backup")]
    from: Option<PathBuf>,
    /// The keyring the backup was made with, if it is not at its place in the data folder already
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let config = args.flags.load()?;
    let from = args.backup.as_ref().or(args.from.as_ref());
    let from = from.context("name the backup to restore")?;
    let restored = backup::restore(&config, from, args.keys.as_deref(), SystemClock.now())?;
    say(format_args!(
        "restored {} stores and {} waiting imports, as of {}",
        restored.roles.len(),
        restored.imports,
        restored.made_at
    ))?;
    let roles: Vec<ServiceRole> = restored
        .roles
        .iter()
        .filter_map(|role| role.parse().ok())
        .collect();
    super::block_on(forget_streams(&config.bus, &roles)).context(
        "the streams of the broker still tell of what came after the backup: before you start, run `marque outbox replay --service ROLE --afresh` for each role",
    )?;
    match restored.keyring_missing {
        Some(place) => say(format_args!(
            "the keyring is still missing: put the one the backup was made with at {}, the server does not start without it",
            place.display()
        )),
        None => Ok(()),
    }
}
