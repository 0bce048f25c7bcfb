//! The command `marque score` alone, for measuring it without building the whole binary.

use clap::Parser;

#[expect(
    unreachable_pub,
    reason = "it is a public module of the binary, and a private one here"
)]
#[path = "../../../services/marque/src/commands/score.rs"]
mod score;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: score::Args,
}

fn main() -> anyhow::Result<()> {
    score::run(Cli::parse().args)
}
