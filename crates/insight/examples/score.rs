//! The command `marque score` alone, for measuring it without building the whole binary.

use clap::Parser;

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
