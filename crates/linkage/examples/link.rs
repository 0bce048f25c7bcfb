//! The command `marque link` without the rest of the binary, for measuring while developing.

#![expect(
    unreachable_pub,
    reason = "the included file is a module of another target"
)]

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
