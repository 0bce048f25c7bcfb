//! `marque outbox`: events sent again, and events that could not be applied.

use anyhow::Context as _;
use marque_config::{Config, ServiceRole};
use marque_core::Timestamp;
use marque_db::Database;
use marque_events::{Chosen, ask_retry, dead_letters, first_since};
use uuid::Uuid;

use super::{say, settings::Flags};
use crate::{
    bus::{connect_broker, source_of},
    wiring::database_settings,
};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Sends a service's events to the broker again; consumers pass over what they know. The service may run meanwhile.
    Replay(Replay),
    /// Lists the events that a service could not apply, with the reason.
    DeadLetters(DeadLetters),
    /// Has the running service try events again that it could not apply; it does so within ten seconds.
    Retry(Retry),
}

#[derive(Debug, clap::Args)]
struct Replay {
    #[command(flatten)]
    flags: Flags,
    /// The service whose events these are.
    #[arg(long, value_name = "ROLE")]
    service: ServiceRole,
    /// First position to send.
    #[arg(long, value_name = "N", group = "from")]
    from_position: Option<i64>,
    /// Events since then, such as `2026-11-22T08:00:00Z`. Without either, everything the outbox has.
    #[arg(long, value_name = "TIME", group = "from")]
    since: Option<String>,
    /// Deletes the stream, which the service fills anew: after stores were put back to an earlier moment it tells of what
    /// never happened.
    #[arg(long, conflicts_with = "from")]
    afresh: bool,
}

#[derive(Debug, clap::Args)]
struct DeadLetters {
    #[command(flatten)]
    flags: Flags,
    /// The service that could not apply them.
    #[arg(long, value_name = "ROLE")]
    service: ServiceRole,
}

#[derive(Debug, clap::Args)]
struct Retry {
    #[command(flatten)]
    flags: Flags,
    /// The service that could not apply them.
    #[arg(long, value_name = "ROLE")]
    service: ServiceRole,
    /// The event with this id.
    #[arg(long, required_unless_present = "all", conflicts_with = "all")]
    id: Option<Uuid>,
    /// Every one.
    #[arg(long)]
    all: bool,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    match args.command {
        Command::Replay(args) => replay(args).await,
        Command::DeadLetters(args) => list(args).await,
        Command::Retry(args) => retry(args).await,
    }
}

async fn replay(args: Replay) -> anyhow::Result<()> {
    let config = args.flags.load()?;
    let db = store(&config, args.service)?;
    let broker = connect_broker(&config.bus).await?.context(
        "the bus is embedded: consumers read the outbox themselves, and nothing has to be sent again (bus.kind)",
    )?;
    if args.afresh {
        broker.forget(source_of(args.service)).await?;
        return say(format_args!(
            "the stream of {} was deleted; the running service fills it anew within seconds, and else when it starts",
            args.service
        ));
    }
    let from = match (args.from_position, &args.since) {
        (Some(position), _) => position,
        (None, Some(text)) => {
            let since = Timestamp::parse_rfc3339(text).with_context(|| {
                format!("--since {text}: write a time such as 2026-11-22T08:00:00Z")
            })?;
            match db.read(move |conn| first_since(conn, since)).await? {
                Some(position) => position,
                None => return say("nothing happened since then"),
            }
        }
        (None, None) => 1,
    };
    let count = broker
        .replay(source_of(args.service), &db, from)
        .await
        .context("what was sent so far does no harm: run it again")?;
    say(format_args!(
        "{count} events of {} from position {from} on were sent again",
        args.service
    ))
}

async fn list(args: DeadLetters) -> anyhow::Result<()> {
    let db = store(&args.flags.load()?, args.service)?;
    let letters = db.read(dead_letters).await?;
    if letters.is_empty() {
        return say("none");
    }
    for letter in &letters {
        say(format_args!(
            "{}  {}  {} {}  {}  tried {}{}",
            letter.id,
            letter.at,
            letter.kind,
            letter.subject,
            letter.reason,
            letter.tries,
            if letter.is_due {
                ", waits to be tried again"
            } else {
                ""
            },
        ))?;
    }
    Ok(())
}

async fn retry(args: Retry) -> anyhow::Result<()> {
    let db = store(&args.flags.load()?, args.service)?;
    let chosen = args.id.map_or(Chosen::All, Chosen::Id);
    let count = db.write(move |conn| ask_retry(conn, &chosen)).await?;
    anyhow::ensure!(
        count > 0 || args.id.is_none(),
        "no event with this id was set aside: `marque outbox dead-letters --service {}` lists them",
        args.service
    );
    say(format_args!(
        "{count} events will be tried again by the running service within ten seconds"
    ))
}

/// The store of a service, which must be there already.
fn store(config: &Config, service: ServiceRole) -> anyhow::Result<Database> {
    anyhow::ensure!(
        service != ServiceRole::Gateway,
        "the gateway has no events: name another service"
    );
    let settings = database_settings(config, service);
    if let marque_db::Settings::Sqlite { path } = &settings {
        anyhow::ensure!(
            path.is_file(),
            "there is no store {}: say where the data is by --data",
            path.display()
        );
    }
    Ok(Database::open(&settings)?)
}
