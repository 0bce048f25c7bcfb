//! `marque audit`.

use std::time::Instant;

use anyhow::Context as _;
use marque_config::{Config, ServiceRole};
use marque_core::{Clock as _, SystemClock, Timestamp};
use marque_db::{Database, Settings, StoreError};
use marque_ledger::{Verdict, Verification};

use super::{say, settings::Flags};
use crate::{
    audit::{EVERY, FOLDER, has_signed, signed_heads},
    roles,
    wiring::database_settings,
};

/// Faults told one by one; more are counted.
const TOLD: usize = 20;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Checks that no audit record was changed, removed, moved, put in or cut off, in any store
    ///
    /// Walks every dealer's chain and holds it against the heads that were signed and kept in audit/ of the data folder.
    /// Ends with 1 if anything is wrong.
    Verify(Flags),
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let Command::Verify(flags) = args.command;
    let config = flags.load()?;
    let (mut stores, mut faults) = (0, 0);
    for role in &config.roles {
        let settings = database_settings(&config, *role);
        let is_there = match &settings {
            Settings::Sqlite { path } => path.exists(),
            Settings::Postgres { .. } => true,
        };
        if roles::migrator(*role).is_none() {
            continue;
        }
        if !is_there {
            faults += told_gone(&config, *role)?;
            continue;
        }
        stores += 1;
        faults += verify(&config, *role, &settings)
            .await
            .with_context(|| format!("the record of {role}"))?;
    }
    anyhow::ensure!(
        stores + faults > 0,
        "there is no store in {}: name the data folder by --data, or the databases by --config",
        config.data_dir.display()
    );
    anyhow::ensure!(faults == 0, "{faults} faults in the audit record");
    Ok(())
}

/// Tells of a store that is not there; a fault if heads of its record were signed, none if there never was one.
fn told_gone(config: &Config, role: ServiceRole) -> anyhow::Result<usize> {
    if !has_signed(&config.data_dir, role)? {
        return Ok(0);
    }
    let folder = config.data_dir.join(FOLDER);
    say(format_args!(
        "{role}: 1 FAULT: the store is gone with its whole record, whose signed heads are in {}",
        folder.display()
    ))?;
    Ok(1)
}

/// Verifies one store's record; how many faults it has.
async fn verify(config: &Config, role: ServiceRole, settings: &Settings) -> anyhow::Result<usize> {
    let began = Instant::now();
    let db = Database::open(settings)?;
    let (signed, mut broken) = match signed_heads(&config.data_dir, role) {
        Ok(heads) => (heads, None),
        // The record can still be walked; that its heads cannot be trusted is a fault of its own.
        Err(error) => (Vec::new(), Some(error)),
    };
    let is_unsigned = signed.is_empty() && broken.is_none();
    let walked: Result<Verdict, StoreError> = db
        .scan(move |conn| {
            let mut verification = Verification::new(signed);
            while verification.step(conn)? {}
            verification.finish(conn)
        })
        .await;
    let verdict = walked?;
    tell(role, &verdict, began)?;
    if is_unsigned && verdict.first_at.is_some_and(is_signed_by_now) {
        let folder = config.data_dir.join(FOLDER);
        broken = Some(anyhow::anyhow!(
            "none is kept in {}, so that nobody can tell whether an end was cut off: put back the folder of the process that wrote this record",
            folder.display()
        ));
    }
    if let Some(error) = &broken {
        say(format_args!("  signed heads: {error:#}"))?;
    }
    Ok(verdict.faults.len() + usize::from(broken.is_some()))
}

/// Whether a record of that time must have been followed by a signed head.
fn is_signed_by_now(at: Timestamp) -> bool {
    let age = SystemClock.now().as_micros().saturating_sub(at.as_micros());
    u128::try_from(age).is_ok_and(|age| age > 2 * EVERY.as_micros())
}

fn tell(role: ServiceRole, verdict: &Verdict, began: Instant) -> anyhow::Result<()> {
    let seconds = began.elapsed().as_secs_f64();
    let old = match verdict.unchained {
        0 => String::new(),
        count => format!(", {count} from before the chain"),
    };
    let faults = match verdict.faults.len() {
        0 => "no fault".to_owned(),
        count => format!("{count} FAULTS"),
    };
    say(format_args!(
        "{role}: {faults} in {} records of {} chains, {} signed heads met{old} ({:.0} records/s)",
        verdict.records,
        verdict.chains,
        verdict.signed,
        verdict.records as f64 / seconds.max(1e-6)
    ))?;
    for fault in verdict.faults.iter().take(TOLD) {
        say(format_args!("  {fault}"))?;
    }
    if verdict.faults.len() > TOLD {
        say(format_args!("  … and {} more", verdict.faults.len() - TOLD))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_followed_by_a_signed_head_after_a_while() {
        let written = |seconds_ago: i64| {
            let now = SystemClock.now().as_micros();
            is_signed_by_now(Timestamp::from_micros(now - seconds_ago * 1_000_000))
        };
        assert_eq!(
            [-60, 0, 100, 130, 86_400].map(written),
            [false, false, false, true, true]
        );
    }
}
