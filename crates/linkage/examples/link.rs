//! The command `marque link` without the rest of the binary, for measuring while developing.

#[path = "../../../services/marque/src/commands/link.rs"]
mod link;

use clap::Parser;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: link::Args,
}

fn main() -> anyhow::Result<()> {
    link::run(Cli::parse().args)
}
