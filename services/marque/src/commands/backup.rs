//! `marque backup`.

use std::path::PathBuf;

use marque_core::{Clock as _, SystemClock};

use super::{say, settings::Flags};
use crate::backup;

/// Copies every store at one moment, while the server runs
///
/// The copies of all services fit together. Files of imports that wait go with them, sealed; keys do not: keep the keyring
/// (keys/vault.toml in the data folder) elsewhere, without it nobody can read a backup.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to: a name with an extension, such as backup.zip, becomes one file, any other a folder. Must not exist
    #[arg(long, value_name = "FILE|DIR")]
    out: PathBuf,
    #[command(flatten)]
    flags: Flags,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let config = args.flags.load()?;
    let made = backup::make(&config, &args.out, SystemClock.now())?;
    say(format_args!(
        "{}: {} stores, {} waiting imports, {:.1} MB in {:.1} s; writers waited {} ms",
        args.out.display(),
        made.roles.len(),
        made.imports,
        made.bytes as f64 / 1e6,
        made.took.as_secs_f64(),
        made.still.as_millis()
    ))?;
    say("keys are not in it: keep keys/vault.toml of the data folder in another place")
}
