//! The command `marque sample` without the rest of the binary.

#[path = "../../../services/marque/src/commands/sample.rs"]
#[expect(
    unreachable_pub,
    reason = "the binary exports it, this example does not"
)]
mod sample;

use clap::Parser;

/// Wraps the arguments of the subcommand.
#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: sample::Args,
}

fn main() -> anyhow::Result<()> {
    sample::run(Cli::parse().args)
}
