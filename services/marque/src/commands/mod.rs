//! The commands.

mod audit;
mod backup;
mod client;
mod demo;
mod doctor;
mod import;
mod keys;
pub mod link;
mod migrate;
mod openapi;
mod outbox;
pub mod quality;
mod restore;
pub mod sample;
pub mod score;
mod serve;
mod settings;
mod token;

use clap::{Parser, Subcommand};

/// Marque: many dealers' files in, one customer out.
#[derive(Debug, Parser)]
#[command(name = "marque", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The whole story on sample data, then serves it.
    Demo(demo::Args),
    /// Runs roles: all of them in one process on embedded stores, unless told otherwise.
    Serve(serve::Args),
    /// Prints a token of the embedded issuer.
    Token(token::Args),
    /// Sends files to a server, with progress, summary and the quarantined rows as files.
    Import(import::Args),
    /// Record linkage of any person CSV alone.
    Link(link::Args),
    /// Checks a file's data quality alone.
    Quality(quality::Args),
    /// Scores and ranks the customers of a file alone.
    Score(score::Args),
    /// Writes believable dealer files with the truth beside them.
    Sample(sample::Args),
    /// Brings the schema of stores up to this binary.
    Migrate(migrate::Args),
    /// Copies every store at one moment, while the server runs.
    Backup(backup::Args),
    /// Fills an empty data folder or empty schemas from a backup.
    Restore(restore::Args),
    /// Lists and exchanges the keys of personal data, while the servers run.
    Keys(keys::Args),
    /// Verifies the audit record.
    Audit(audit::Args),
    /// Events sent again, and events that could not be applied.
    Outbox(outbox::Args),
    /// Prints the OpenAPI document.
    Openapi,
    /// Checks configuration, keys and stores; says what is wrong and what to do.
    Doctor(doctor::Args),
}

impl Cli {
    /// Runs the command to its end.
    ///
    /// # Errors
    /// What the command failed with, in words for whoever typed it.
    pub fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Demo(args) => block_on(demo::run(args)),
            Command::Serve(args) => block_on(serve::run(args)),
            Command::Token(args) => token::run(&args),
            Command::Import(args) => block_on(import::run(args)),
            Command::Link(args) => link::run(args),
            Command::Quality(args) => quality::run(args),
            Command::Score(args) => score::run(args),
            Command::Sample(args) => sample::run(args),
            Command::Migrate(args) => block_on(migrate::run(args)),
            // Not on a runtime: the client of PostgreSQL waits by itself.
            Command::Backup(args) => backup::run(&args),
            Command::Restore(args) => restore::run(&args),
            Command::Keys(args) => block_on(keys::run(args)),
            Command::Audit(args) => block_on(audit::run(args)),
            Command::Outbox(args) => block_on(outbox::run(args)),
            Command::Openapi => openapi::run(),
            Command::Doctor(args) => block_on(doctor::run(args)),
        }
    }
}

fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        // Whoever may run a command on the configuration sees all dealers.
        .block_on(marque_db::behind(marque_db::Wall::Everything, work))
}

/// Writes a line to standard output; a reader that has gone away is no error.
fn say(line: impl std::fmt::Display) -> anyhow::Result<()> {
    use std::io::Write as _;
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}
