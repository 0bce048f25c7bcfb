//! `marque migrate`.

use marque_core::{Clock as _, SystemClock};
use marque_db::Database;

use super::{say, settings::Flags};
use crate::{roles, wiring::database_settings};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    flags: Flags,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let config = args.flags.load()?;
    std::fs::create_dir_all(&config.data_dir)?;
    for role in &config.roles {
        let Some(migrator) = roles::migrator(*role) else {
            continue;
        };
        let db = Database::open(&database_settings(&config, *role))?;
        let applied = migrator.up(&db, SystemClock.now()).await?;
        say(format_args!(
            "{role}: {applied} new of {} versions",
            migrator.migrations.len()
        ))?;
    }
    Ok(())
}
